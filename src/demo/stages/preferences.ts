import { join } from "node:path";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { CandidatePair } from "../candidates.js";
import { type Collected, collectPreferences } from "../collect.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import { copyDatabase, removeDatabase } from "./saved.js";

const DATABASE = "votes.db";

/**
 * @param batches the batches of `candidates` while they are sampled: raters begin before that stage has ended.
 * @param database SQLite file for the run's votes; an existing one is replaced.
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
    // Its ids and times differ from run to run.
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
