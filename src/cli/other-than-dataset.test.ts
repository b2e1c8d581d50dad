import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { PlumbError } from "../base/errors.js";
import { otherThanDataset } from "./other-than-dataset.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plumb-other-"));
});
async function said(name: string, text: string): Promise<string | undefined> {
  const path = join(dir, name);
  writeFileSync(path, text);
  return otherThanDataset(path).catch((error: unknown) => {
    if (!(error instanceof PlumbError)) throw error;
    return `refused: ${error.message} ${error.hint}`;
  });
}
const json = (row: object) => `${JSON.stringify(row)}\n`;

it("votes, exports and items for raters are pointed to the command that reads them", async () => {
  const cases: [name: string, text: string, expected: RegExp][] = [
    ["votes.csv", "item,rater,left,right,winner\n1,r,a,b,left\n", /^refused: .*holds votes.*plumb aggregate/],
    ["labels.csv", "item,rater,label\n1,r,safe\n", /^refused: .*holds votes.*plumb aggregate/],
    ["crowd.tsv", "task\tworker\tlabel\n1\tr\tsafe\n", /^refused: .*holds votes/],
    ["battles.csv", "rater,model_a,model_b,winner\nr,a,b,a\n", /^refused: .*holds votes/],
    [
      "arena.csv",
      "question_id,judge,model_a,model_b,winner,prompt\n1,r,a,b,a,p\n",
      /holds votes.*prompts alone/,
    ],
    ["tldr.jsonl", json({ info: {}, summaries: [], choice: 0 }), /^refused: .*plumb aggregate/],
    ["items.jsonl", json({ id: "1", task: {}, content: { prompt: "p" } }), /^refused: .*plumb tasks push/],
    ["ls.json", json({ data: { prompt: "p" }, annotations: [] }), /^refused: .*labelling tool/],
    [
      "choice.jsonl",
      json({ text: "p", _input_hash: 1, _task_hash: 2, answer: "accept" }),
      /labelling tool's export.*plumb aggregate/,
    ],
    [
      "tasks.jsonl",
      json({ prompt: "p", response_a: "a", response_b: "b" }),
      /tasks for raters.*prompts alone/,
    ],
    ["listed.jsonl", json({ prompt: "p", responses: ["a", "b"] }), /tasks for raters.*plumb tasks import/],
  ];
  for (const [name, text, expected] of cases) expect(await said(name, text), name).toMatch(expected);
});

it("of datasets, and of what cannot be read, nothing is said", async () => {
  const datasets: object[] = [
    { prompt: "p" },
    { prompt: "p", category: "c", answer_key: 3 },
    { prompt: "p", completion: "c" },
    { prompt: "p", chosen: "a", rejected: "b" },
    { chosen: "a", rejected: "b" },
    { instruction: "i", input: "", output: "o" },
    { messages: [{ role: "user", content: "u" }] },
    { prompt: "p", completion: "c", label: true },
    { text: "t" },
  ];
  for (const row of datasets)
    expect(await said("data.jsonl", json(row)), JSON.stringify(row)).toBeUndefined();
  expect(await said("broken.jsonl", "{")).toBeUndefined();
  expect(await said("empty.jsonl", "")).toBeUndefined();
  expect(await otherThanDataset(join(dir, "none.jsonl"))).toBeUndefined();
});
