/**
 * Aggregates many raters' votes into one signal: labels (`aggregateLabels`) or preferences (`aggregatePreferences`),
 * each with a report on how far every rater can be trusted. docs/aggregation.md explains when to use each method.
 */

export type { LabelOptions } from "./aggregate-labels.js";
export {
  type AggregatedLabel,
  aggregateLabels,
  LABEL_METHODS,
  type LabelAggregate,
  type LabelMethod,
  type RaterReport,
} from "./aggregate-labels.js";
export type { PreferenceOptions } from "./aggregate-preferences.js";
export {
  type AggregatedPreference,
  aggregatePreferences,
  MAX_NOISE,
  PREFERENCE_METHODS,
  type PreferenceAggregate,
  type PreferenceMethod,
} from "./aggregate-preferences.js";
export type { GammaPrior, MmOptions } from "./bradley-terry.js";
export { bradleyTerry } from "./bradley-terry.js";
export type { KnownLabels } from "./known-labels.js";
export { plackettLuce, type Ranking } from "./plackett-luce.js";
export { RATER_FLAGS, type RaterFlag, type RaterFlagKind } from "./rater-flags.js";
export type { GroupMember } from "./ring.js";
export type { RaterModel } from "./robust.js";
export type { Duel } from "./score-estimate.js";
export { duelsOf, type ScoreEstimate } from "./score-estimate.js";
