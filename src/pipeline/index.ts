/**
 * Computations as stages whose results are stored under a name made of what they follow from: code, configuration, and the results they
 * are made of. Runs share what they have in common, go on where they were interrupted, and know what they were made of.
 */
export { removeStages, storedStages } from "./housekeeping.js";
export { readLineage, type StoredState, stateOf, writeLineage } from "./lineage.js";
export type { Manifest } from "./manifest.js";
export { Pipeline, type PlannedStage, type Replayed, type StageRecord } from "./pipeline.js";
export { type Stage, type StageResult, type StageState, type StageWork, UNSAVED } from "./stage.js";
export { GrowingList, together } from "./together.js";
export { readValue, writeValue } from "./values.js";
