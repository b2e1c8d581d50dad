/** What the lead's pages ask for: guidelines by two leads, files of items, who said what. */
import { expect, it } from "vitest";
import { leftWins, pilot, testServer } from "../../test/server.js";

it("guidelines are published upon the newest version only", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead);
  const path = `/projects/${project}/guidelines`;
  expect((await lead.post(path, { text: "one", after: 1 })).body).toEqual({ version: 2 });
  const late = await lead.post(path, { text: "other", after: 1 });
  expect(late.status).toBe(409);
  expect(late.body.error.message).toContain("version 2");
  expect((await lead.post(path, { text: "blind" })).status).toBe(400);
  expect((await lead.get(path)).body.guidelines.map(({ text }: { text: string }) => text)).toEqual([
    "one",
    "",
  ]);
});

it("a file of items is checked whole, and added only when it is confirmed and right", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 0 });
  const path = `/projects/${project}/imports`;
  const count = async () => (await lead.get(`/projects/${project}/items`)).body.items.length;
  const csv = "prompt,response_a,response_b\nWhy?,Because,So\nHow?,,This way\nWhen?,Now,Then\n,x,y\n";
  const bad = await lead.post(path, { name: "Our pairs.csv", text: csv, confirm: true });
  expect(bad.body).toMatchObject({ source: "table", problemCount: 2, added: 0 });
  expect(bad.body.problems).toEqual([
    { unit: "line", number: 3, field: "response_a", problem: "is missing, empty or not text" },
    { unit: "line", number: 5, field: "prompt", problem: "is missing, empty or not text" },
  ]);
  expect(await count()).toBe(0);
  const right = csv.replace("How?,,", "How?,So,").replace("\n,x,y", "");
  expect((await lead.post(path, { name: "p.csv", text: right })).body).toMatchObject({ items: 3, added: 0 });
  expect(await count()).toBe(0);
  const added = await lead.post(path, { name: "p.csv", text: right, confirm: true });
  expect(added.body).toMatchObject({ items: 3, gold: 0, added: 3, problemCount: 0 });
  expect(added.body.first[0]).toMatchObject({
    prompt: "Why?",
    responses: [{ text: "Because" }, { text: "So" }],
  });
  expect(await count()).toBe(3);
});

it("a file's gold, its models and its duplicates become what they are, and are said", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 0 });
  const path = `/projects/${project}/imports`;
  const head = "id,prompt,response_a,response_b,model_a,model_b,gold\n";
  const csv = `${head}7,Why?,Because,So,gpt-4,claude,claude\n8,How?,So,So,gpt-4,claude,\n`;
  const first = await lead.post(path, { name: "a.csv", text: csv, confirm: true });
  expect(first.body).toMatchObject({ items: 2, gold: 1, added: 2 });
  expect(first.body.columns.map(({ name, role }: Record<string, string>) => [name, role])).toEqual([
    ...[
      ["id", "id"],
      ["prompt", "prompt"],
      ["response_a", "response"],
      ["response_b", "response"],
    ],
    ...[
      ["model_a", "source"],
      ["model_b", "source"],
      ["gold", "gold"],
    ],
  ]);
  expect(first.body.columns[4]).toEqual({
    ...{ name: "model_a", role: "source", of: "response_a", filled: 2, example: "gpt-4" },
  });
  expect(first.body.warnings).toEqual(["1 item shows equal responses, between which nobody can choose"]);
  const { items } = (await lead.get(`/projects/${project}/items`)).body;
  expect(items[0].gold).toMatchObject({ aspects: { overall: { verdict: "right" } } });
  const again = await lead.post(path, { name: "a.csv", text: csv });
  expect(again.body.warnings[1]).toBe("2 items are in the project already, with the same texts");
  const ours = { name: "b.csv", text: "prompt,gpt,ours\nWhy?,Because,So\n" };
  expect((await lead.post(path, ours)).body.questions).toHaveLength(1);
  const named = await lead.post(path, { ...ours, columns: { gpt: "response", ours: "response" } });
  expect(named.body).toMatchObject({ items: 1, problemCount: 0 });
});

it("says what a file lacks for the project's task, and never where it lay meanwhile", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 0 });
  const check = async (name: string, text: string) =>
    (await lead.post(`/projects/${project}/imports`, { name, text })).body;
  const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const own = {
    content: {
      prompt: "p",
      responses: [
        { name: "a", text: "x" },
        { name: "b", text: "y" },
      ],
    },
  };
  const gold = { ...own, gold: leftWins };
  const mixed = await check(
    "own.jsonl",
    `${lines(own, { content: { prompt: "p", responses: [] } }, gold)}{not json\n${lines({ ...own, gold: { kind: "safety", safe: true } })}`,
  );
  expect(mixed).toMatchObject({ source: "items", items: 4, gold: 2, problemCount: 3 });
  expect(
    mixed.problems.map(({ number, problem }: { number: number; problem: string }) => [number, problem]),
  ).toEqual([
    [4, expect.stringContaining("not valid JSON")],
    [2, expect.stringContaining("has 0 responses")],
    [5, expect.stringContaining("asks for pairwise, not safety")],
  ]);
  const trl = await check("trl.jsonl", lines({ prompt: "p", chosen: "a", rejected: "b" }, { prompt: 3 }));
  expect(trl).toMatchObject({ source: "dataset", items: 1 });
  expect(trl.problems[0]).toMatchObject({ number: 2 });
  const three = await check("k.csv", "prompt,response_1,response_2,response_3\np,a,b,c\n");
  expect(three.questions).toEqual([
    { about: "responses", columns: ["response_1", "response_2", "response_3"] },
  ]);
  for (const [name, text, says] of [
    ["empty.jsonl", "", "no rows"],
    ["list.json", "[1", "not valid JSON"],
    ["many.jsonl", lines(own).repeat(10_001), "10001 rows"],
  ]) {
    const { problems } = await check(name, text);
    expect(problems[0].problem, name).toContain(says);
    expect(JSON.stringify(problems)).not.toContain("plumb-upload");
  }
  const packed = await lead.post(`/projects/${project}/imports`, { name: "a.parquet", text: "" });
  expect(packed.status).toBe(422);
  const path = await lead.post(`/projects/${project}/imports`, {
    name: "../../../etc/x.csv",
    text: "a\n1\n",
  });
  expect(path.status).toBe(200);
});

it("reviewers see who said what about an item of their project, raters do not", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project, items } = await pilot(lead, { items: 1 });
  const rater = await server.raterIn(lead, project);
  const { body } = await rater.post(`/projects/${project}/leases`);
  await rater.post(`/leases/${body.leases[0].id}/vote`, { answer: leftWins });
  const path = `/projects/${project}/items/${items[0]}/votes`;
  const [vote] = (await lead.get(path)).body.votes;
  expect(vote).toMatchObject({ rater: rater.rater, item: items[0] });
  expect((await rater.get(path)).status).toBe(403);
  const other = await server.person("lead");
  const elsewhere = await pilot(other);
  expect((await other.get(`/projects/${elsewhere.project}/items/${items[0]}/votes`)).status).toBe(404);
});
