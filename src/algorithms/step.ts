import type { Rollout } from "./rollout.js";

/** What every method yields after each of its steps. */
export interface Step<R extends Rollout = Rollout> {
  /** Steps done, counted from 1. */
  step: number;
  steps: number;
  /** Under TRL's names. */
  metrics: Record<string, number>;
  /** Tokens of this step: of methods that sample, those that were sampled; of others, those that went through the network. */
  tokens: number;
  /** Responses of this step, of methods that sample. */
  rollouts?: readonly R[];
  /** Set when the run ends before its last step, and why. */
  stopped?: string;
}
