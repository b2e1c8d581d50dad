import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The metrics of every step of a run, also of those before it was resumed, with its number as `step`. */
export async function stepMetrics(runDir: string): Promise<Record<string, number>[]> {
  const lines = (await readFile(join(runDir, "metrics.jsonl"), "utf8")).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Record<string, number>);
}
