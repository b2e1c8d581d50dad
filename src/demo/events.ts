/** What the demo says while it runs, and what it leaves behind. */
import type { Network } from "../model/network.js";
import type { Tokenizer } from "../text/index.js";
import type { Alarm } from "./alarm.js";
import type { Evaluation } from "./evaluation.js";
import type { Checkpoint } from "./over-optimization.js";
import type { GoldSamples } from "./policies.js";
import type { VotesSummary } from "./rating/summary.js";
import type { RewardCheck } from "./reward-check.js";

export const PHASES = ["pretrain", "sft", "preferences", "reward", "rejection", "ppo", "evaluate"] as const;
export type Phase = (typeof PHASES)[number];

export interface StepEvent {
  kind: "step";
  phase: Phase;
  step: number;
  steps: number;
  metrics: Record<string, number>;
  tokens: number;
}

export type DemoEvent =
  | StepEvent
  | { kind: "alarm"; alarm: Alarm }
  | { kind: "checkpoint"; checkpoint: Checkpoint }
  | { kind: "models"; models: DemoModels }
  | { kind: "samples"; sft: GoldSamples[]; ppo: GoldSamples[] }
  | { kind: "result"; result: DemoResult };

/** Models that the demo leaves behind. */
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

/** A step of an algorithm as a step of a phase. */
export const stepOf = (
  phase: Phase,
  { step, steps, metrics, tokens }: Omit<StepEvent, "kind" | "phase">,
): StepEvent => ({ kind: "step", phase, step, steps, metrics, tokens });
