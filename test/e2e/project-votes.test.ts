/** From a project's votes in the database to agreement, an aggregate, and rows that a reward model trains on. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPreferences } from "../../src/data/index.js";
import { holdVotes, listItems, openStore, setMemberState } from "../../src/feedback/store/index.js";
import { collection } from "../collection.js";
import { plumbHere, plumbHereDone } from "./plumb-here.js";
import { plumb, plumbDone, writeTinyLoop } from "./tiny-loop.js";

const dir = mkdtempSync(join(tmpdir(), "plumb-project-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ITEMS = 24;
let project = "";
/** Of the rater who turns answers round. */
let liar = "";

beforeAll(async () => {
  await writeTinyLoop(dir);
  const store = await openStore(join(dir, "votes.db"));
  const content = (i: number) => ({
    prompt: [{ role: "user" as const, content: `the cat ${i}` }],
    responses: [
      { name: "long", text: `sat ${i}` },
      { name: "short", text: "mat" },
    ],
  });
  const more = Array.from({ length: ITEMS }, (_, i) => ({ content: content(i) }));
  const gold = { kind: "pairwise" as const, aspects: { overall: { verdict: "left" as const } }, flags: [] };
  more.push({ content: content(99), gold } as (typeof more)[number]);
  const settings = { overlap: 4, goldRate: 0.1 };
  const made = await collection(store, { items: 0, raters: 4, more, settings });
  project = made.project.id;
  liar = made.raters[3];
  for (const rater of made.raters)
    for (;;) {
      const { leases } = await store.lease({ project, rater });
      if (leases.length === 0) break;
      const longFirst = leases[0].responses[0] !== "mat";
      const verdict = longFirst !== (rater === liar) ? ("left" as const) : ("right" as const);
      const answer = { kind: "pairwise" as const, aspects: { overall: { verdict, strength: 3 } }, flags: [] };
      const { vote } = await store.vote({ lease: leases[0].id, rater, answer });
      if (rater === made.raters[0] && vote.item === made.items[0])
        await holdVotes(store, project, [{ vote: vote.id, filter: "test", evidence: null }], "system");
    }
  await setMemberState(store, { project, rater: liar, state: "excluded", reason: "test" }, "system");
  await setMemberState(store, { project, rater: liar, state: "active" }, "system");
  await store.close();
});

const STORE = ["--db", "votes.db"];
const of = (...args: string[]) => [...args, "--project", project, ...STORE, "--json"];
const lines = (name: string) =>
  readFileSync(join(dir, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("agreement and the aggregate are read from the store, gold items left out", async () => {
  const agreement = JSON.parse((await plumbDone(dir, of("agreement"))).stdout);
  expect(agreement).toMatchObject({ kind: "pairs", votes: 4 * ITEMS, items: ITEMS, raters: 4 });
  expect(agreement.percent.estimate).toBeCloseTo(0.5, 10);
  const aggregate = JSON.parse((await plumbDone(dir, of("aggregate", "--out", "aggregated"))).stdout);
  expect(aggregate).toMatchObject({ votes: 4 * ITEMS, pairs: ITEMS, review: 0, raters: 4 });
  expect(aggregate.flagged.map(({ rater }: { rater: string }) => rater)).toEqual([liar]);
  const [preference] = lines("aggregated/preferences.jsonl");
  expect(preference).toMatchObject({ left: "long", right: "short", votes: 4 });
  expect(preference.probability).toBeGreaterThan(0.9);
});

test("preferences go out in TRL's form with rater metadata, and train", async () => {
  const { stdout } = await plumbHereDone(
    dir,
    of("feedback", "export", "--preferences", "p.jsonl", "--raters"),
  );
  expect(JSON.parse(stdout)).toEqual({ preferences: ITEMS, review: [] });
  const [row] = lines("p.jsonl");
  expect(row).toMatchObject({
    prompt: [{ role: "user" }],
    chosen: [{ role: "assistant" }],
    rejected: [{ role: "assistant", content: "mat" }],
    ...{ agreement: 0.75, votes: 4 },
  });
  expect(row.raters).toHaveLength(4);
  expect(row.noise).toBeLessThan(0.1);
  await plumbHereDone(dir, of("feedback", "export", "--preferences", "p.parquet"));
  const [text, parquet] = [
    await loadPreferences(join(dir, "p.jsonl")),
    await loadPreferences(join(dir, "p.parquet")),
  ];
  const said = (rows: typeof text) =>
    rows.map(({ where: _where, meta: { raters: _raters, ...meta } = {}, ...rest }) => ({ ...rest, meta }));
  expect(said(parquet)).toEqual(said(text));
  await plumbHereDone(dir, of("feedback", "export", "--preferences", "f.jsonl", "--no-held"));
  expect(
    lines("f.jsonl")
      .map(({ votes }) => votes)
      .sort(),
  ).toEqual([3, ...Array(ITEMS - 1).fill(4)]);
  const train = ["reward", "--model", "model", "--data", "p.parquet", "--set", "lora.r=2", "--name", "rm"];
  await plumbHereDone(dir, [...train, "--micro-batch-size", "2", "--batch-size", "4", "--epochs", "1"]);
  expect(existsSync(join(dir, "runs/rm/result.json"))).toBe(true);
}, 120_000);

test("a reward model of a project is that of the file that its votes make, to the byte", async () => {
  await plumbHereDone(dir, of("feedback", "export", "--preferences", "same.jsonl", "--no-held"));
  const train = (...from: string[]) => {
    const name = from[0].slice(2);
    const more = ["--set", "lora.r=2", "--batch-size", "4", "--name", name, "--no-held"];
    return plumbHereDone(dir, ["reward", "--model", "model", ...from, ...more]);
  };
  await train("--data", "same.jsonl");
  await train("--project", project, ...STORE);
  const bytes = (name: string) =>
    ["metrics.jsonl", "model/adapter_model.safetensors", "model/reward.json"].map((file) =>
      readFileSync(join(dir, "runs", name, file), "latin1"),
    );
  expect(bytes("project")).toEqual(bytes("data"));
  for (const [args, status, says] of [
    [["--project", project, "--data", "same.jsonl"], 2, "both files and a project are given"],
    [[], 2, "Give either --data FILES or --project ID"],
    [["--project", project, "--aspect", "honest"], 1, 'not asked for "honest", but for overall'],
  ] as const) {
    const ended = await plumbHere(dir, ["reward", "--model", "model", ...args, ...STORE]);
    expect(ended, args.join(" ")).toMatchObject({ status, stderr: expect.stringContaining(says) });
  }
  const direct = [
    "dpo",
    "--model",
    "model",
    "--project",
    project,
    ...STORE,
    "--set",
    "lora.r=2",
    "--eval-prompts",
    "0",
  ];
  const noisy = "have a noise, which lossType sigmoid does not read";
  expect((await plumbHereDone(dir, [...direct, "--name", "dpo"])).stderr).toContain(noisy);
  const robust = await plumbHereDone(dir, [...direct, "--loss-type", "robust", "--name", "robust"]);
  expect(robust.stderr).not.toContain(noisy);
  const none = await plumbHere(dir, ["sft", "--model", "model", "--project", project, ...STORE]);
  expect(none).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("no votes that make demonstrations"),
  });
}, 120_000);

test("items are ordered by what their votes are worth", async () => {
  const store = await openStore(join(dir, "ranked.db"));
  const scored = (prompt: string, score?: number) => ({
    content: {
      prompt,
      responses: [
        { name: "a", text: "x", ...(score !== undefined && { score }) },
        { name: "b", text: "y", ...(score !== undefined && { score: 0 }) },
      ],
    },
  });
  const more = [scored("cats sit", 3), scored("cats sit"), scored("cats sit", 0.1), scored("dogs run")];
  const { project: own, items } = await collection(store, { items: 0, raters: 0, more });
  await store.close();
  const order = async (by: string, run: typeof plumbHere = plumbHere) => {
    const args = ["tasks", "prioritise", "--project", own.id, "--by", by, "--db", "ranked.db", "--json"];
    const ended = await run(dir, args);
    const opened = await openStore(join(dir, "ranked.db"));
    const listed = await listItems(opened, own.id);
    await opened.close();
    const sorted = [...listed].sort((a, b) => b.priority - a.priority || a.position - b.position);
    return { ended, order: sorted.map(({ id }) => items.indexOf(id)) };
  };
  const byScore = await order("uncertainty", plumb);
  expect(JSON.parse(byScore.ended.stdout).items).toBe(2);
  expect(byScore.order).toEqual([2, 0, 1, 3]);
  // The first is worth as much as any; next comes what is least like it.
  expect((await order("diversity")).order).toEqual([0, 3, 1, 2]);
  const without = await order("information");
  expect(without.ended).toMatchObject({ status: 1, stderr: expect.stringContaining("Give items scores") });
}, 60_000);

test("one of file and project has to be given, and of what is not there it is said so", async () => {
  for (const [args, status, says] of [
    [["agreement"], 2, "Give either --votes FILE or --project ID"],
    [["aggregate", "--votes", "v.csv", "--project", project], 2, "Give either"],
    [of("agreement", "--aspect", "honest"), 1, "but for overall"],
    [["agreement", "--project", "p-none", ...STORE], 1, "There is no project p-none"],
    [["agreement", "--project", project, "--db", "none.db"], 1, "There is no database none.db"],
    [of("feedback", "export", "--safety", "s.jsonl"), 1, "no votes that make safety"],
    [of("feedback", "export", "--items", "i.jsonl", "--safety", "s.jsonl"), 2, "both files and a project"],
    [["feedback", "export", "--safety", "s.jsonl"], 2, "Give --project ID, or --items FILE"],
  ] as const) {
    const ended = await plumbHere(dir, args);
    expect(ended.status, args.join(" ")).toBe(status);
    expect(ended.stderr, args.join(" ")).toContain(says);
  }
  expect(existsSync(join(dir, "s.jsonl"))).toBe(false);
  expect(existsSync(join(dir, "none.db"))).toBe(false);
}, 60_000);
