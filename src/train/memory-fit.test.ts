import { expect, test } from "vitest";
import type { CountingRuntime } from "../runtime/counting-runtime.js";
import { type Fitted, fitMemory, type MemorySettings } from "./memory-fit.js";

const settings = (changes: Partial<MemorySettings> = {}): MemorySettings => ({
  recompute: "auto",
  memoryBudget: null,
  microBatchSize: 8,
  ...changes,
});
/** A run that takes 1 GB and 1 GB a row, or 0.25 GB a row with recomputation. */
const dryRun = async ({ recompute, microBatchSize }: Fitted<MemorySettings>) =>
  ({ peakBytes: 1e9 * (1 + microBatchSize * (recompute ? 0.25 : 1)) }) as CountingRuntime;

function ui() {
  const said: string[] = [];
  return { said, info: (text: string) => said.push(text), warn: (text: string) => said.push(text) };
}

test.each([
  ["9GB", false, 8, "about 9.0 GB of 9.0 GB, without recomputation"],
  ["8GB", true, 8, "about 3.0 GB of 8.0 GB, with recomputation"],
  ["2.5GB", true, 4, "about 2.0 GB of 2.5 GB, with recomputation, microBatchSize 4"],
  ["1300MB", true, 1, "microBatchSize 1"],
])("a budget of %s: recompute %s, %i rows at once", async (memoryBudget, recompute, microBatchSize, line) => {
  const out = ui();
  const fitted = await fitMemory(settings({ memoryBudget }), dryRun, out);
  expect(fitted).toMatchObject({ recompute, microBatchSize });
  expect(out.said).toHaveLength(1);
  expect(out.said[0]).toContain(line);
});

test("what was asked for stays: without a budget nothing is counted, with one only rows are given up", async () => {
  const refuse = () => Promise.reject(new Error("counted"));
  expect(await fitMemory(settings({ recompute: false }), refuse, ui())).toMatchObject({ recompute: false });
  const asked = settings({ recompute: false, memoryBudget: "5GB" });
  expect(await fitMemory(asked, dryRun, ui())).toMatchObject({ recompute: false, microBatchSize: 4 });
});

test("too little for one row is an error that says how much one row needs", async () => {
  await expect(fitMemory(settings({ memoryBudget: "1200MB" }), dryRun, ui())).rejects.toThrow(
    "one row at once needs about 1.3 GB, with recomputation; memoryBudget is 1.2 GB",
  );
});

test("what is merely free now never changes the number of rows", async () => {
  const huge = async () => ({ peakBytes: 1e15 }) as CountingRuntime;
  const out = ui();
  expect(await fitMemory(settings(), huge, out)).toMatchObject({ recompute: true, microBatchSize: 8 });
  expect(out.said[0]).toMatch(/needs about .* are free/);
});
