/** Events of the demo while it runs, and its results. */
import type { Network } from "../model/network.js";
import type { Tokenizer } from "../text/index.js";
import type { Alarm } from "./alarm.js";
import type { Evaluation, EvaluationEvent } from "./evaluation.js";
import type { Checkpoint } from "./over-optimization.js";
import type { VotesSummary } from "./rating/summary.js";
import type { RewardCheck } from "./reward-check.js";

export type DemoEvent =
  | EvaluationEvent
  | { kind: "alarm"; alarm: Alarm }
  | { kind: "checkpoint"; checkpoint: Checkpoint }
  | { kind: "models"; models: DemoModels }
  | { kind: "result"; result: DemoResult };

/** Models that the demo trains and saves. */
export interface DemoModels {
  tokenizer: Tokenizer;
  sft: Network;
  reward: Network;
  normalization: { mean: number; std: number };
  policy: Network;
}

export interface DemoResult {
  seed: number;
  split: string;
  raters: string;
  votes: VotesSummary;
  rewardModel: RewardCheck;
  alarms: Alarm[];
  kl: { lastIteration: number; budget: number | null };
  evaluation: Evaluation;
}

/** Whether an event is stored with its stage's result: progress without figures is not. */
export const isKept = (event: DemoEvent): boolean =>
  event.kind !== "step" || Object.keys(event.metrics).length > 0;
