import type { Method } from "./methods.js";

/** The phases of every run, in their order; further methods come before the evaluation. */
export const PHASES = ["pretrain", "sft", "preferences", "reward", "rejection", "ppo", "evaluate"] as const;
export type Phase = (typeof PHASES)[number] | Method;

export interface StepEvent {
  kind: "step";
  phase: Phase;
  step: number;
  steps: number;
  metrics: Record<string, number>;
  tokens: number;
}

/** A step of an algorithm as a step of a phase. */
export const stepOf = (
  phase: Phase,
  { step, steps, metrics, tokens }: Omit<StepEvent, "kind" | "phase">,
): StepEvent => ({ kind: "step", phase, step, steps, metrics, tokens });
