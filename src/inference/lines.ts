import type { Host, ProgressBar } from "../base/host.js";

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
