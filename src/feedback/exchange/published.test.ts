/** Comparisons as others publish and export them: read as what they are, or refused with what to do. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { readVotes } from "../../votes/vote-file/index.js";
import { importSchema, importTasks } from "./index.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plumb-published-"));
});
function written(name: string, ...rows: unknown[]): string {
  const path = join(dir, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}
const load = (path: string) => importTasks([path], importSchema.parse({}));
const verdictOf = (answer: unknown) =>
  (answer as { aspects: { overall: { verdict: string } } }).aspects.overall.verdict;

const turns = (...contents: string[]) =>
  contents.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
/** A row as MT-bench's human judgments have it. */
const judgment = (turn: number, winner: string, rest: object = {}) => ({
  ...{ question_id: 81, model_a: "gpt-4", model_b: "llama", winner, judge: "expert_0", turn },
  conversation_a: turns("Write.", "a1", "Shorter.", "a2"),
  conversation_b: turns("Write.", "b1", "Shorter.", "b2"),
  ...rest,
});

it("turns of one conversation are items of their own", async () => {
  const path = written(
    "mt.jsonl",
    judgment(1, "model_a"),
    judgment(2, "model_b"),
    judgment(1, "tie", { judge: "expert_1" }),
    judgment(1, "model_a", { question_id: 82 }),
  );
  const { votes, repeated } = await readVotes(path);
  if (votes.kind !== "pairs") throw new Error("expected comparisons");
  const { items, item, outcome } = votes.comparisons;
  expect(items).toEqual(["81, turn 1", "81, turn 2", "82"]);
  expect([[...item], [...outcome], repeated]).toEqual([[0, 1, 0, 2], [1, 0, 0.5, 1], 0]);
  const contradiction = written("contra.jsonl", judgment(2, "model_a"), judgment(2, "model_b"));
  await expect(readVotes(contradiction)).rejects.toThrow(/says "left" and "right" of the same pair/);
});

it("conversations of an arena are shown up to the turn that was judged, models hidden", async () => {
  const { items, votes, warnings } = await load(
    written(
      "shown.jsonl",
      judgment(1, "model_a"),
      judgment(2, "model_b"),
      // The same question for other models is another item; sides may be swapped.
      judgment(1, "model_b", { model_b: "claude" }),
      judgment(1, "model_b", { model_a: "claude", model_b: "gpt-4", judge: "expert_2" }),
    ),
  );
  expect(items.map(({ id }) => id)).toEqual([
    "81, gpt-4 and llama, turn 1",
    "81, gpt-4 and llama, turn 2",
    "81, gpt-4 and claude, turn 1",
  ]);
  expect(items[0].content).toMatchObject({
    prompt: [{ role: "user", content: "Write." }],
    responses: [
      { text: "a1", source: "gpt-4" },
      { text: "b1", source: "llama" },
    ],
  });
  expect(items[1].content.responses[1].text).toBe("Assistant: b1\n\nUser: Shorter.\n\nAssistant: b2");
  expect(votes.map(({ answer }) => verdictOf(answer))).toEqual(["left", "right", "right", "left"]);
  // The test's models wrote the same.
  expect(warnings).toEqual(["1 item repeats the prompt and the responses of an earlier one"]);
});

it("conversations that do not begin alike are refused by row", async () => {
  const other = judgment(1, "model_a", { conversation_b: turns("Draw.", "b1") });
  await expect(load(written("unlike.jsonl", other))).rejects.toThrow(/line 1: names models, and no texts/);
});

const summary = (id: string, [a, b]: [string, string], choice: unknown, worker: string) => ({
  info: { id, title: "A title", post: `Post ${id}` },
  summaries: [
    { text: a, policy: "sup4", note: "" },
    { text: b, policy: "ppo", note: "" },
  ],
  ...{ choice, worker, batch: "b", split: "train", extra: { confidence: 7 } },
});

it("OpenAI's comparisons of summaries are read, by import and by aggregation", async () => {
  const path = written(
    "tldr.jsonl",
    summary("t3", ["one", "two"], 0, "w1"),
    summary("t3", ["two", "one"], 1, "w2"),
    summary("t3", ["one", "three"], 1, "w1"),
  );
  const { items, votes } = await load(path);
  expect(items).toHaveLength(2);
  expect(items[0].content).toMatchObject({
    prompt: "A title\n\nPost t3",
    responses: [
      { text: "one", source: "sup4" },
      { text: "two", source: "ppo" },
    ],
  });
  expect(votes.map(({ rater, answer }) => [rater, verdictOf(answer)])).toEqual([
    ["w1", "left"],
    ["w2", "left"],
    ["w1", "right"],
  ]);
  const { votes: read } = await readVotes(path);
  if (read.kind !== "pairs") throw new Error("expected comparisons");
  expect(read.comparisons.items).toHaveLength(2);
  // The second rater saw the sides the other way round, and found the same better.
  expect([...read.comparisons.outcome]).toEqual([1, 1, 0]);
  const bad = written(
    "bad.jsonl",
    summary("t3", ["one", "two"], 0, "w1"),
    summary("t4", ["x", "y"], 2, "w1"),
  );
  await expect(load(bad)).rejects.toThrow(/line 2: .*choice/);
  await expect(readVotes(bad)).rejects.toThrow(/line 2: .*choice/);
});

it("verdicts of published tables that name no rater are not lost in silence", async () => {
  const tables = [
    [
      { response_0: "a", response_1: "b", better_response_id: 0, safer_response_id: 1 },
      /"better_response_id", "safer_response_id"/,
    ],
    [{ response_1: "a", response_2: "b", preference_strength: -2 }, /"preference_strength" may say/],
    [{ response_a: "a", response_b: "b", model_a: "m", model_b: "n", winner_model_a: 1 }, /"winner_model_a"/],
  ] as const;
  for (const [row, warning] of tables) {
    const path = written("table.jsonl", { prompt: "p", ...row });
    expect((await load(path)).warnings.join()).toMatch(warning);
  }
  const kaggle = written("kaggle.jsonl", { prompt: "p", ...tables[2][0], winner_model_b: 0, winner_tie: 0 });
  await expect(readVotes(kaggle)).rejects.toThrow(/names no raters.*question_id,judge,model_a/);
  expect(
    (await load(written("plain.jsonl", { prompt: "p", response_a: "a", response_b: "b" }))).warnings,
  ).toEqual([]);
});
