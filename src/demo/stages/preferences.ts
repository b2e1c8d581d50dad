import { join } from "node:path";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { CandidatePair } from "../candidates.js";
import { type Collected, collectPreferences } from "../collect.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import { copyDatabase, removeDatabase } from "./saved.js";

const DATABASE = "votes.db";

/**
 * @param batches those of `candidates` as they come, to its end: raters begin while it runs.
 * @param database SQLite file for the run's votes; what is there is replaced.
 */
export function preferences(
  inputs: { candidates: StageResult<CandidatePair[][]> },
  { seed, pairs, raters, votesPerPair, aggregate }: DemoConfig,
  batches: AsyncIterable<CandidatePair[]>,
  database: string,
): Stage<Collected, StepEvent> {
  const config = { seed, pairs, raters, votesPerPair, aggregate };
  return {
    ...{ name: "preferences", code: import.meta.url, config, inputs },
    // Ids and times in it are its own.
    varying: (file) => file.startsWith(DATABASE),
    async *run() {
      await removeDatabase(database);
      return yield* collectPreferences(batches, config, database);
    },
    async save(collected, dir) {
      await writeValue(join(dir, "preferences.json"), collected);
      await copyDatabase(database, join(dir, DATABASE));
    },
    async load(dir) {
      await removeDatabase(database);
      await copyDatabase(join(dir, DATABASE), database);
      return await readValue<Collected>(join(dir, "preferences.json"));
    },
  };
}
