import { describe, expect, it } from "vitest";
import type { CountingRuntime } from "../../runtime/counting-runtime.js";
import { type Fitted, fitMemory, type MemorySettings } from "./memory-budget.js";

/** A step that takes 100 MB, and 100 MB more a row, or 50 with recomputation. */
const dryRun = async ({ microBatchSize, recompute }: Fitted<MemorySettings>): Promise<CountingRuntime> =>
  ({ peakBytes: 100e6 + microBatchSize * (recompute ? 50e6 : 100e6) }) as CountingRuntime;

function fitted(settings: Partial<MemorySettings>) {
  const said: string[] = [];
  const ui = { info: (text: string) => said.push(text), warn: (text: string) => said.push(text) };
  const all = { recompute: "auto", memoryBudget: null, microBatchSize: 8, ...settings } as const;
  return fitMemory(all, dryRun, ui).then((found) => ({ ...found, said }));
}

describe("fitMemory", () => {
  it("leaves settings as they are where they fit", async () => {
    expect(await fitted({ memoryBudget: "1GB" })).toMatchObject({ recompute: false, microBatchSize: 8 });
  });

  it("recomputes before it takes fewer rows, and says so", async () => {
    const found = await fitted({ memoryBudget: "600MB" });
    expect(found).toMatchObject({ recompute: true, microBatchSize: 8 });
    expect(found.said.join()).toContain("with recomputation");
    expect(await fitted({ memoryBudget: "320MB" })).toMatchObject({ recompute: true, microBatchSize: 4 });
  });

  it("keeps to what was asked for", async () => {
    expect(await fitted({ memoryBudget: "600MB", recompute: false })).toMatchObject({
      recompute: false,
      microBatchSize: 4,
    });
  });

  it("refuses a budget too small for one row, naming both", async () => {
    await expect(fitted({ memoryBudget: "120MB" })).rejects.toThrow(
      /one row at once needs about .*; memoryBudget is/,
    );
  });

  it("never changes the rows for what is merely free", async () => {
    expect(await fitted({ microBatchSize: 1e6 })).toMatchObject({ microBatchSize: 1e6, recompute: true });
  });
});
