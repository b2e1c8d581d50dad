import { PlumbError } from "../../errors.js";
import { type QuantizedBase, quantizeBase } from "../../model/int8/build.js";
import type { LoraConfig } from "../../model/network.js";
import type { Runtime } from "../../runtime/runtime.js";
import { formatNumber } from "../table.js";
import type { Ui } from "../ui.js";
import type { TrainingBase } from "./base.js";

/** Least cosine between the gradients of an adapter on the exact and on the rounded base. */
const LEAST_COSINE = 0.98;

interface BaseSettings {
  base: "f32" | "int8" | "auto";
  baseError: number;
  lora: LoraConfig | null;
}

/** What the run's result says of the base. */
export interface BaseReport {
  kind: "f32" | "int8";
  /** Figures of the 8-bit base, also where it was not taken. */
  int8?: QuantizedBase["error"] & { products16: number };
}

/**
 * The base that the settings ask for. Policy, sampler, reference and reward models share it, so that the ratio of PPO's
 * first epoch stays 1.
 *
 * @param texts token ids of the training data: ranges and errors are measured on them.
 * @throws PlumbError where 8 bits were asked for and cannot be had within the limit.
 */
export async function chosenBase(
  runtime: Runtime,
  base: TrainingBase,
  { base: kind, baseError, lora }: BaseSettings,
  texts: readonly (readonly number[])[],
  ui: Ui,
): Promise<{ base: TrainingBase; report: BaseReport }> {
  if (kind === "f32" || (kind === "auto" && lora === null)) return { base, report: { kind: "f32" } };
  if (lora === null) {
    throw new PlumbError("a base in 8 bits cannot be trained itself", {
      hint: "Train an adapter on it (--set lora.r=16), or take --base f32.",
    });
  }
  ui.info("bringing the base to 8 bits and measuring the error ...");
  const { weights, error, fine } = await quantizeBase(runtime, base.config, base.weights, texts, {
    limit: baseError,
    differentiable: true,
  });
  const figures = `KL ${formatNumber(error.klPerToken)} nats per token, gradient cosine ${formatNumber(error.gradientCosine ?? 1)}`;
  const int8 = { ...error, products16: fine.length };
  const exact = error.klPerToken <= baseError && (error.gradientCosine ?? 1) >= LEAST_COSINE;
  if (exact) {
    ui.info(`base in 8 bits: ${figures}; ${fine.length} products with 16-bit activations`);
    const sourceWeights = base.sourceWeights === base.weights ? weights : base.sourceWeights;
    return { base: { ...base, weights, sourceWeights }, report: { kind: "int8", int8 } };
  }
  const limits = `at most ${baseError} and at least ${LEAST_COSINE} are wanted`;
  if (kind === "auto") {
    ui.info(`base in f32: in 8 bits it would have ${figures}; ${limits}`);
    return { base, report: { kind: "f32", int8 } };
  }
  throw new PlumbError(`the base in 8 bits would have ${figures}; ${limits}`, {
    hint: "Take --base f32 or auto, or raise --base-error.",
  });
}
