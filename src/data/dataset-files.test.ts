import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { datasetFiles, patternOf } from "./dataset-files.js";
import { loadPrompts } from "./load.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-shards-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function folder(name: string, files: readonly string[]): Promise<string> {
  await mkdir(join(dir, name), { recursive: true });
  for (const file of files) await writeFile(join(dir, name, file), `{"prompt":"${file}"}\n`);
  return join(dir, name);
}

it("reads a folder's shards by number, and what lies beside them not", async () => {
  const shards = await folder("shards", [
    "part-10.jsonl",
    "part-2.jsonl",
    "dataset_info.json",
    ".hidden.jsonl",
    "README.md",
  ]);
  expect((await datasetFiles(shards)).map((file) => basename(file))).toEqual([
    "part-2.jsonl",
    "part-10.jsonl",
  ]);
  const prompts = await loadPrompts(shards);
  expect(prompts.map(({ prompt }) => prompt)).toEqual(["part-2.jsonl", "part-10.jsonl"]);
  expect(prompts[1].where.file).toBe(join(shards, "part-10.jsonl"));
  expect(await loadPrompts(shards, { limit: 1 })).toHaveLength(1);
});

it("reads what a pattern matches", async () => {
  const shards = await folder("globs", ["train-0.jsonl", "train-1.jsonl", "test-0.jsonl", "train-2.csv"]);
  const names = async (pattern: string) =>
    (await datasetFiles(join(shards, pattern))).map((file) => basename(file));
  expect(await names("train-*.jsonl")).toEqual(["train-0.jsonl", "train-1.jsonl"]);
  expect(await names("t*-[!1].jsonl")).toEqual(["test-0.jsonl", "train-0.jsonl"]);
  expect((await datasetFiles(join(dir, "g?obs", "test-?.jsonl"))).map((file) => basename(file))).toEqual([
    "test-0.jsonl",
  ]);
  await expect(names("valid-*")).rejects.toThrow("no file matches");
  // A file of that very name is what is meant.
  await writeFile(join(shards, "odd[1].jsonl"), "{}\n");
  expect(await names("odd[1].jsonl")).toEqual(["odd[1].jsonl"]);
  expect(patternOf("a.b*").test("axb")).toBe(false);
  expect(await datasetFiles("-")).toEqual(["-"]);
});

it("does not choose between splits or formats, nor read Arrow's folders", async () => {
  const splits = await folder("splits", ["train-0.jsonl", "test-0.jsonl"]);
  await expect(datasetFiles(splits)).rejects.toThrow("several splits: test, train");
  await expect(datasetFiles(await folder("formats", ["a.jsonl", "b.csv"]))).rejects.toThrow(
    "several formats: jsonl, csv",
  );
  await expect(datasetFiles(await folder("arrow", ["data-0.arrow"]))).rejects.toMatchObject({
    hint: /to_parquet/,
  });
});
