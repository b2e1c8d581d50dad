import type { Rollout } from "./rollout.js";

/** Every training method yields one of these after each of its steps. */
export interface Step<R extends Rollout = Rollout> {
  /** Steps done: 1 after the first. */
  step: number;
  steps: number;
  /** Metrics under TRL's names. */
  metrics: Record<string, number>;
  /** Tokens of this step: those sampled, for methods that sample; otherwise those that went through the network. */
  tokens: number;
  /** Responses of this step, for methods that sample. */
  rollouts?: readonly R[];
  /** Why the run ends before its last step, if it does. */
  stopped?: string;
}
