import os from "node:os";
import { parseByteSize } from "../base/byte-size.js";
import { PlumbError } from "../base/errors.js";
import { formatBytes } from "../base/format.js";
import type { Notices } from "../base/host.js";
import type { CountingRuntime } from "../runtime/counting-runtime.js";

/** How much memory training may take: `microBatchSize` is the most rows at once. */
export interface MemorySettings {
  recompute: boolean | "auto";
  /** A size, such as 2GB. */
  memoryBudget: string | null;
  microBatchSize: number;
}

/** Settings with which training can start. */
export type Fitted<S extends MemorySettings> = Omit<S, "recompute"> & { recompute: boolean };

/** Bytes that this process may use in total. */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  const free = os.freemem() + process.memoryUsage.rss();
  return limit > 0 ? Math.min(limit, free) : free;
}

/**
 * Settings whose predicted memory fits the budget: unchanged, else with recomputation if `recompute` is "auto", else
 * with fewer and fewer rows at once. Without a budget the free memory is the limit and only recomputation may change:
 * results must not depend on what else the machine does, and recomputation leaves every bit of them the same.
 *
 * @param dryRun counts the heaviest step of a run with these settings.
 * @throws PlumbError if one row at once takes more than the budget.
 */
export async function fitMemory<S extends MemorySettings>(
  settings: S,
  dryRun: (settings: Fitted<S>) => Promise<CountingRuntime>,
  notices: Notices,
): Promise<Fitted<S>> {
  const { recompute, memoryBudget } = settings;
  const ways = recompute === "auto" ? [false, true] : [recompute];
  if (ways.length === 1 && memoryBudget === null) return { ...settings, recompute: ways[0] };
  const budget = memoryBudget === null ? availableMemory() : parseByteSize(memoryBudget);
  const sizes = memoryBudget === null ? [settings.microBatchSize] : halvings(settings.microBatchSize);
  let least = Number.POSITIVE_INFINITY;
  for (const microBatchSize of sizes) {
    for (const way of ways) {
      const trial = { ...settings, recompute: way, microBatchSize };
      const { peakBytes } = await dryRun(trial);
      least = Math.min(least, peakBytes);
      if (peakBytes > budget) continue;
      const rows = microBatchSize === settings.microBatchSize ? "" : `, microBatchSize ${microBatchSize}`;
      if (memoryBudget !== null || way)
        notices.info(
          `memory: about ${formatBytes(peakBytes)} of ${formatBytes(budget)}, ${shown(way)}${rows}`,
        );
      return trial;
    }
  }
  const [needs, has] = [formatBytes(least), formatBytes(budget)];
  if (memoryBudget !== null) {
    throw new PlumbError(
      `one row at once needs about ${needs}, ${shown(ways.includes(true))}; memoryBudget is ${has}`,
      {
        hint: "Raise memoryBudget, shorten the texts, train an adapter (--set lora.r=16) or take a smaller model.",
      },
    );
  }
  notices.warn(
    `training needs about ${needs} of memory, ${has} are free; with a memoryBudget it takes fewer rows at once`,
  );
  return { ...settings, recompute: ways.includes(true) };
}

const shown = (recompute: boolean): string => (recompute ? "with recomputation" : "without recomputation");

/** n, n / 2, ..., 1. */
function halvings(n: number): number[] {
  const sizes = [n];
  while (sizes[sizes.length - 1] > 1) sizes.push(Math.ceil(sizes[sizes.length - 1] / 2));
  return sizes;
}
