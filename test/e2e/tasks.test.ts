import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { loadDemonstrations, loadPreferences, loadUnpaired } from "../../src/data/index.js";
import { readTaskItems } from "../../src/feedback/exchange/index.js";
import { plumbHere, plumbHereDone } from "./plumb-here.js";
import { plumbDone, writeTinyLoop } from "./tiny-loop.js";

const FIXTURES = resolve("test/fixtures/exchange");
const dir = mkdtempSync(join(tmpdir(), "plumb-tasks-"));
const read = (name: string) => readFileSync(join(dir, name), "utf8");
const rows = (name: string) =>
  read(name)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  await writeTinyLoop(dir);
});

const generate = (out: string, ...more: string[]) => plumbHereDone(dir, fromPolicy(out, ...more));
const fromPolicy = (out: string, ...more: string[]) => [
  "tasks",
  "from-policy",
  "--model",
  "model",
  "--prompts",
  "prompts.jsonl",
  "--limit",
  "4",
  "--max-new-tokens",
  "8",
  "--out",
  out,
  "--json",
  ...more,
];

test("pairs of a policy's responses: as many as asked for, all different, the same for a seed", async () => {
  const { stdout } = await generate("tasks.jsonl", "--pairs-per-prompt", "3");
  expect(JSON.parse(stdout)).toMatchObject({ items: 12, prompts: 4, missing: 0 });
  const items = await readTaskItems(join(dir, "tasks.jsonl"));
  const pairs = items.map(({ content }) =>
    content.responses
      .map(({ text }) => text)
      .sort()
      .join("|"),
  );
  expect(new Set(pairs).size).toBe(12);
  for (const { content } of items) expect(content.responses[0].text).not.toBe(content.responses[1].text);
  await plumbDone(dir, fromPolicy("again.jsonl", "--pairs-per-prompt", "3"));
  expect(read("again.jsonl")).toBe(read("tasks.jsonl"));
  await generate("other.jsonl", "--pairs-per-prompt", "3", "--seed", "9");
  expect(read("other.jsonl")).not.toBe(read("tasks.jsonl"));
}, 60_000);

test("rare failures among the pairs: answers to other prompts, and a hotter response to each prompt", async () => {
  await generate("plain.jsonl", "--pairs-per-prompt", "3");
  await generate("away.jsonl", "--pairs-per-prompt", "3", "--elsewhere", "1");
  const [plain, away] = await Promise.all(
    ["plain.jsonl", "away.jsonl"].map((file) => readTaskItems(join(dir, file))),
  );
  const promptOf = (name: string) => name.split(".")[0];
  expect(away).toHaveLength(plain.length);
  for (const [i, { id, content }] of away.entries()) {
    const own = promptOf(plain[i].content.responses[0].name);
    const from = content.responses.map(({ name }) => promptOf(name));
    expect(
      from.filter((prompt) => prompt === own),
      id,
    ).toHaveLength(1);
    expect(id.endsWith("-elsewhere")).toBe(true);
    expect(content.prompt).toEqual(plain[i].content.prompt);
  }
  expect(new Set(away.map(({ content }) => promptOf(content.responses[0].name) === "1")).size).toBe(2);
  await generate("hot.jsonl", "--pairs-per-prompt", "1", "--hot-temperature", "9", "--temperature", "0.01");
  const hot = await readTaskItems(join(dir, "hot.jsonl"));
  await generate("cool.jsonl", "--pairs-per-prompt", "1", "--hot-temperature", "8", "--temperature", "0.01");
  const cool = await readTaskItems(join(dir, "cool.jsonl"));
  const texts = (items: typeof hot, end: string) =>
    items.map(({ content }) => content.responses.find(({ name }) => name.endsWith(end))?.text);
  expect(texts(hot, ".1")).toEqual(texts(cool, ".1"));
  expect(texts(hot, ".2")).not.toEqual(texts(cool, ".2"));
}, 60_000);

test("at temperature 0 there is nothing to compare", async () => {
  const ended = await plumbHere(dir, [
    "tasks",
    "from-policy",
    "--model",
    "model",
    "--prompts",
    "prompts.jsonl",
    "--temperature",
    "0",
    "--out",
    "none.jsonl",
  ]);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain("all responses to a prompt are equal");
});

test("an export goes in, is filtered, and nothing is lost", async () => {
  const file = join(FIXTURES, "label-studio-pairwise.json");
  const without = await plumbHere(dir, ["tasks", "import", file, "--out", "ls.jsonl"]);
  expect(without.status).toBe(2);
  expect(without.stderr).toContain("Give --votes FILE");
  const { stdout } = await plumbDone(dir, [
    "tasks",
    "import",
    file,
    "--out",
    "ls.jsonl",
    "--votes",
    "ls-votes.jsonl",
    "--json",
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ source: "label-studio", items: 2, votes: 3, raters: 2 });
  const votes = rows("ls-votes.jsonl");
  const called = votes[1].answer as { rationale?: string };
  called.rationale = "Ask me at bo.berg@firm.com";
  writeFileSync(join(dir, "ls-votes.jsonl"), votes.map((vote) => `${JSON.stringify(vote)}\n`).join(""));
  const filtered = await plumbDone(dir, [
    "feedback",
    "filter",
    "--items",
    "ls.jsonl",
    "--votes",
    "ls-votes.jsonl",
    "--out",
    "findings.jsonl",
    "--json",
  ]);
  expect(JSON.parse(filtered.stdout)).toMatchObject({
    votes: 3,
    held: 1,
    findings: { "personal-data": { hold: 1 } },
  });
  expect(rows("findings.jsonl")).toHaveLength(1);
  expect(read("findings.jsonl")).not.toContain("berg");
  expect(rows("ls-votes.jsonl")).toHaveLength(3);
});

test("several files come together, and a bad one stops all", async () => {
  writeFileSync(join(dir, "a.csv"), "item,rater,left,right,winner\nq1,ada,A,B,left\n");
  writeFileSync(join(dir, "b.csv"), "item,rater,left,right,winner\nq1,bob,B,A,left\nq2,bob,C,D,tie\n");
  const { stdout } = await plumbHereDone(dir, [
    "tasks",
    "import",
    "a.csv",
    "b.csv",
    "--out",
    "ab.jsonl",
    "--votes",
    "ab-votes.jsonl",
    "--json",
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ items: 2, votes: 3 });
  writeFileSync(join(dir, "c.csv"), "item,rater,left,right,winner\nq3,cy,A,B,north\n");
  const ended = await plumbHere(dir, [
    "tasks",
    "import",
    "a.csv",
    "c.csv",
    "--out",
    "ac.jsonl",
    "--votes",
    "v.jsonl",
  ]);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain('c.csv, line 2: field "winner" is "north"');
  expect(() => read("ac.jsonl")).toThrow(/ENOENT/);
});

test("what was written and labelled goes out as rows that training reads", async () => {
  const task = (kind: string) => ({ kind });
  const prompt = [{ role: "user", content: "Hi" }];
  const items = [
    { id: "d", task: task("demonstration"), content: { prompt, responses: [] } },
    { id: "s", task: task("safety"), content: { prompt: "p", responses: [{ name: "r", text: "t" }] } },
  ];
  const circumstances = { castAt: 1, guidelinesVersion: 1 };
  const label = (id: string, rater: string, safe: boolean) => ({
    id,
    item: "s",
    rater,
    order: [0],
    ...circumstances,
    answer: { kind: "safety", safe, categories: safe ? [] : ["S9"] },
  });
  const votes = [
    {
      id: "1",
      item: "d",
      rater: "ada",
      order: [],
      ...circumstances,
      answer: { kind: "demonstration", text: "Old." },
    },
    {
      id: "2",
      item: "d",
      rater: "ada",
      order: [],
      ...circumstances,
      corrects: "1",
      answer: { kind: "demonstration", text: "Hello!" },
    },
    label("3", "ada", false),
    label("4", "bob", false),
    label("5", "cy", true),
  ];
  const lines = (list: object[]) => list.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(join(dir, "i.jsonl"), lines(items));
  writeFileSync(join(dir, "v.jsonl"), lines(votes));
  await plumbDone(dir, [
    "feedback",
    "export",
    "--items",
    "i.jsonl",
    "--votes",
    "v.jsonl",
    "--demonstrations",
    "sft.parquet",
    "--safety",
    "kto.jsonl",
  ]);
  expect(await loadDemonstrations(join(dir, "sft.parquet"))).toMatchObject([
    { completion: [{ role: "assistant", content: "Hello!" }] },
  ]);
  expect(await loadUnpaired(join(dir, "kto.jsonl"))).toMatchObject([
    { completion: "t", label: false, meta: { votes: 3, categories: ["S9"] } },
  ]);
});

test("preferences go out with noise that the reward model reads, in JSONL and Parquet", async () => {
  const responses = ["A", "B"].map((text, i) => ({ name: `r${i}`, text }));
  const task = { kind: "pairwise", strengths: 4 };
  const says = (rater: string, verdict: string) => ({
    ...{ id: rater, item: "q1", rater, order: [0, 1], castAt: 1, guidelinesVersion: 1 },
    answer: { kind: "pairwise", aspects: { overall: { verdict, strength: 1 } } },
  });
  const lines = (list: object[]) => list.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(join(dir, "pi.jsonl"), lines([{ id: "q1", task, content: { prompt: "q1", responses } }]));
  writeFileSync(
    join(dir, "pv.jsonl"),
    lines([says("ada", "left"), says("bob", "left"), says("cy", "right")]),
  );
  for (const name of ["p.jsonl", "p.parquet"]) {
    const files = ["--items", "pi.jsonl", "--votes", "pv.jsonl", "--preferences", name];
    await plumbHereDone(dir, ["feedback", "export", ...files]);
    const [preference, ...more] = await loadPreferences(join(dir, name));
    expect(more).toEqual([]);
    expect(preference).toMatchObject({
      prompt: "q1",
      chosen: "A",
      rejected: "B",
      meta: { votes: 3, item: "q1" },
    });
    const { probability, agreement } = preference.meta as { probability: number; agreement: number };
    expect([probability > 0.5, agreement]).toEqual([true, 2 / 3]);
    expect(preference.noise).toBeCloseTo(Math.min(0.4, 1 - probability), 12);
  }
});

test("a file or a key that is missing is said, and a server that is not there", async () => {
  const missing = await plumbHere(dir, ["tasks", "push", "none.jsonl", "--project", "p"]);
  expect(missing).toMatchObject({ status: 1, stderr: expect.stringContaining("none.jsonl") });
  vi.stubEnv("PLUMB_KEY", undefined);
  const keyless = await plumbHere(dir, ["tasks", "push", "tasks.jsonl", "--project", "p"]);
  expect(keyless).toMatchObject({ status: 2, stderr: expect.stringContaining("no API key is given") });
  vi.stubEnv("PLUMB_KEY", "x");
  const server = ["--server", "http://127.0.0.1:9", "--project", "p"];
  const nobody = await plumbHere(dir, ["simulate", "raters", "--raters", "1", ...server]);
  vi.unstubAllEnvs();
  expect(nobody).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("No answer from http://127.0.0.1:9"),
  });
});

test("an import says what each column is taken for, and asks for what is not clear", async () => {
  writeFileSync(join(dir, "ours.csv"), "id,Question,gpt,ours,notes\n7,Why?,Because,So,n\n");
  const file = ["tasks", "import", "ours.csv", "--out", "ours.jsonl"];
  const asked = await plumbHere(dir, file);
  expect(asked.status).toBe(1);
  expect(asked.stderr).toMatch(/"gpt", "ours" may be responses or not; nothing was imported/);
  expect(asked.stderr).toContain('--columns "response_a=gpt,response_b=ours"');
  const said = [...file, "--columns", "response_a=gpt,response_b=ours,ignored=notes"];
  const { stdout } = await plumbHereDone(dir, said);
  for (const line of [/Question +prompt +Why\?/, /gpt +response +Because/, /notes +not kept +n/])
    expect(stdout).toMatch(line);
  const [item] = await readTaskItems(join(dir, "ours.jsonl"));
  expect(item).toMatchObject({ id: "7", content: { prompt: "Why?", meta: { id: "7" } } });
  const { stdout: json } = await plumbHereDone(dir, [...said, "--json"]);
  expect(JSON.parse(json).columns[1]).toEqual({
    ...{ name: "Question", role: "prompt", filled: 1, example: "Why?" },
  });
  const wrong = await plumbHere(dir, [...file, "--columns", "answer=gpt"]);
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining("expected ROLE=COLUMN") });
});

test("groups of commands have help", async () => {
  const { stdout } = await plumbHereDone(dir, ["tasks", "import", "--help"]);
  expect(stdout).toContain("[files...]");
  expect(stdout).toContain("--response-fields");
  const group = await plumbHere(dir, ["tasks", "--help"]);
  expect(group.stdout).toContain("from-policy");
  const wrong = await plumbHere(dir, ["tasks", "impart"]);
  expect(wrong.status).toBe(2);
});
