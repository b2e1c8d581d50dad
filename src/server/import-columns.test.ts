/** What a lead says of a file's columns, through the API: it counts, and is remembered for the next file. */
import { expect, it } from "vitest";
import { testServer } from "../../test/server.js";

const CSV = "prompt,gpt,ours,note\nWhy?,Because,So,n\n";

async function project() {
  const server = await testServer();
  const lead = await server.person("lead", "lead");
  const { id } = (await lead.post("/projects", { name: "p", task: { kind: "pairwise" } })).body;
  const send = async (body: object) =>
    (await lead.post(`/projects/${id}/imports`, { name: "a.csv", text: CSV, ...body })).body;
  const other = (await lead.post("/projects", { name: "q", task: { kind: "pairwise" } })).body.id;
  const items = async () => (await lead.get(`/projects/${id}/items`)).body.items;
  const elsewhere = async () =>
    (await lead.post(`/projects/${other}/imports`, { name: "a.csv", text: CSV })).body;
  return { send, items, elsewhere };
}
const rolesOf = ({ columns }: { columns: { name: string; role: string }[] }) =>
  Object.fromEntries(columns.map(({ name, role }) => [name, role]));

it("asks what names leave open, adds nothing before it is said, and reads the next file alike", async () => {
  const { send, items, elsewhere } = await project();
  const asked = await send({ confirm: true });
  expect(asked).toMatchObject({
    ...{ added: 0, items: 0, problemCount: 0, remembered: false, choices: {} },
    questions: [{ about: "responses", columns: ["gpt", "ours", "note"].slice(0, 2) }],
  });
  expect(await items()).toEqual([]);
  const columns = { gpt: "response", ours: "response", note: "ignored" };
  const said = await send({ columns });
  expect(said).toMatchObject({ questions: [], items: 1, added: 0, remembered: false });
  // Nothing is remembered of what was only looked at.
  expect((await send({})).questions).toHaveLength(1);
  expect((await send({ columns, confirm: true })).added).toBe(1);
  expect((await items())[0].content).toEqual({
    prompt: "Why?",
    responses: [
      { name: "gpt", text: "Because" },
      { name: "ours", text: "So" },
    ],
  });

  const next = await send({ text: "note,ours,gpt,prompt\nn,X,Y,How?\n", confirm: true });
  expect(next).toMatchObject({ added: 1, remembered: true, choices: columns });
  expect(rolesOf(next)).toEqual({ prompt: "prompt", ...columns });
  // Other columns, or another project, are asked about.
  expect((await send({ text: "prompt,gpt,ours\nWhy?,X,Y\n" })).questions).toHaveLength(1);
  expect((await elsewhere()).questions).toHaveLength(1);

  // Saying nothing forgets it, once something is added so.
  const reset = { ...columns, note: "metadata" };
  expect((await send({ text: CSV.replace("Why", "When"), columns: reset, confirm: true })).added).toBe(1);
  expect(rolesOf(await send({}))).toMatchObject({ note: "metadata" });
});

it("refuses roles and columns that do not exist", async () => {
  const { send } = await project();
  expect(await send({ columns: { gpt: "answer" } })).toMatchObject({
    error: { message: expect.stringMatching(/columns/) },
  });
  const absent = await send({ columns: { none: "prompt" } });
  expect(absent.problems[0].problem).toContain('there is no field "none"');
});

it("counts duplicates and equal answers before anything is added", async () => {
  const { send } = await project();
  const row = "Why?,X,X,\n";
  const { warnings } = await send({
    text: `prompt,response_a,response_b,note\n${row}${row}`,
  });
  expect(warnings).toEqual([
    "2 items show equal responses, between which nobody can choose",
    "1 item repeats the prompt and the responses of an earlier one",
  ]);
});
