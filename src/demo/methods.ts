/** Names of the ways from votes to a policy that the demo compares with PPO where it is asked to. */
import type { DpoConfig } from "../algorithms/dpo.js";

/** Losses over pairs of answers, by the name of their method. */
export const PAIR_LOSSES = {
  dpo: "sigmoid",
  "dpo-norm": "sigmoid-norm",
  hinge: "hinge",
  ipo: "ipo",
  cdpo: "cdpo",
  robust: "robust",
  simpo: "simpo",
} as const satisfies Record<string, DpoConfig["lossType"]>;

export const METHODS = [
  ...(Object.keys(PAIR_LOSSES) as (keyof typeof PAIR_LOSSES)[]),
  "kto",
  "orpo",
  "grpo",
] as const;
export type Method = (typeof METHODS)[number];
/** Those that learn from the votes themselves, without sampling. */
export type DirectMethod = Exclude<Method, "grpo">;

/** Which of the demo's settings a direct method has. */
export const settingsOf = (method: DirectMethod): "dpo" | "kto" | "orpo" =>
  method === "kto" || method === "orpo" ? method : "dpo";

/** As the tables name them. */
export const METHOD_TITLES: Record<Method, string> = {
  dpo: "DPO",
  "dpo-norm": "DPO per token",
  hinge: "hinge (SLiC)",
  ipo: "IPO",
  cdpo: "cDPO",
  robust: "robust DPO",
  simpo: "SimPO",
  kto: "KTO",
  orpo: "ORPO",
  grpo: "GRPO",
};
