import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { examineFile } from "./examine.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-examine-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function examined(rows: readonly object[], options: object = {}) {
  const path = join(dir, "rows.jsonl");
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return examineFile(path, { maxProblems: 10, ...options });
}

it("says what each column is used for, and what is not read", async () => {
  const rows = [
    { instruction: "i", input: "", chosen: "a", rejected: "b", id: 1 },
    { instruction: "j", input: "x", chosen: "a", rejected: "b", id: null },
  ];
  expect((await examined(rows)).columns).toEqual([
    { name: "instruction", rows: 2, use: "prompt" },
    { name: "input", rows: 1, use: "prompt, after the instruction" },
    { name: "chosen", rows: 2, use: "better answer" },
    { name: "rejected", rows: 2, use: "worse answer" },
    { name: "id", rows: 1, use: "not read" },
  ]);
  const renamed = [{ system_prompt: "s", question: "q", response: "a" }];
  expect((await examined(renamed)).columns.map(({ use }) => use)).toEqual([
    "system text before the prompt",
    "prompt",
    "answer",
  ]);
});

it("counts what is doubled, equal, empty and cut", async () => {
  const pair = (prompt: string, chosen: string, rejected: string) => ({ prompt, chosen, rejected });
  const rows = [
    pair("p", "a", "b"),
    pair("p", "a", "b"),
    pair("p", "a", "c"),
    pair("q", "a", "a"),
    pair("r", " ", "b"),
  ];
  const { quality } = await examined(rows, {
    maxLength: 1,
    lengthOf: (row: { prompt: string }) => (row.prompt === "r" ? 2 : 1),
  });
  expect(quality).toEqual({
    as: "preferences",
    rows: 5,
    duplicates: 1,
    samePrompt: 1,
    equalSides: 1,
    emptyAnswers: 1,
    cut: 1,
  });
  expect((await examined([pair("p", "a", "b")])).quality).toEqual({ as: "preferences", rows: 1 });
});

it("says why rows that fit their format cannot be used", async () => {
  const { usable, unusable } = await examined([{ instruction: "i", output: "o", images: ["a.png"] }]);
  expect(usable).toEqual([]);
  expect(unusable.demonstrations).toContain('field "images" is not read');
  const rated = (response: string, helpfulness: number) => ({ prompt: "p", response, helpfulness });
  expect((await examined([rated("a", 1), rated("b", 2)])).usable).toEqual(["prompts", "preferences"]);
});
