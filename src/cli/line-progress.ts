import type { Host, ProgressBar } from "../base/host.js";

/** A progress bar over the lines of a file; nothing is shown for a stream, whose end is not known. */
export function lineProgress(
  ui: Pick<Host, "progress">,
  label: string,
  { total }: { total?: number },
): ProgressBar {
  if (total === undefined) return { update: () => {}, end: () => {} };
  return ui.progress({ label, total, unit: "lines" });
}
