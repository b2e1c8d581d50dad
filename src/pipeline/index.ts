/**
 * Computations in stages. A stage's result is stored under a name derived from everything that it depends on: code,
 * configuration, and the results of other stages. Runs share common stages, continue where they were interrupted, and
 * record their lineage.
 */
export type { Replayed } from "./context.js";
export { removeStages, storedStages } from "./housekeeping.js";
export { complaintOf, readLineage, type StoredState, stateOf, writeLineage } from "./lineage.js";
export type { Manifest } from "./manifest.js";
export { Pipeline } from "./pipeline.js";
export type { PlannedStage, StageRecord } from "./planned-stage.js";
export { type Stage, type StageResult, type StageState, type StageWork, UNSAVED } from "./stage.js";
export { GrowingList, together } from "./together.js";
export { readValue, writeValue } from "./values.js";
