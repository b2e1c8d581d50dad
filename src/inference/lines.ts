import { z } from "zod";
import type { Host, ProgressBar } from "../base/host.js";
import { inGroup } from "../base/setting-groups.js";

/** Settings of what answers texts line by line. */
export const lineSettings = {
  input: z.string().min(1).describe("JSON Lines (or another dataset file); - for stdin"),
  ...inGroup("memory", {
    batchSize: z
      .number()
      .int()
      .min(1)
      .max(1024)
      .default(16)
      .describe("most texts in one run; does not change the result"),
  }),
};

/** Lines that are read, computed and written together, in batches. */
export const CHUNK_BATCHES = 8;

/** A progress bar over the lines of a file; none is shown for a stream, whose length is unknown. */
export function lineProgress(
  host: Pick<Host, "progress">,
  label: string,
  { total }: { total?: number },
): ProgressBar {
  if (total === undefined) return { update: () => {}, end: () => {} };
  return host.progress({ label, total, unit: "lines" });
}
