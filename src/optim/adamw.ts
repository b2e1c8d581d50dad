import { z } from "zod";
import { inGroup } from "../base/setting-groups.js";
import type { CompiledStep, DeviceBuffer, Runtime } from "../runtime/runtime.js";
import { add, div, mul, type Program, sqrt, square, sub, sum, trace } from "../tensor/index.js";

const settings = inGroup("optimiser", {
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of the first moment's average."),
  beta2: z.number().min(0).lt(1).default(0.999).describe("Decay of the second moment's average."),
  eps: z.number().positive().default(1e-8).describe("Added to the root of the second moment."),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe("Decoupled weight decay of matrices; norms and biases have none."),
  maxGradNorm: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe("Gradients are scaled down to this global norm; null: never."),
});
export const adamwSchema = z.object(settings);
/** Settings of AdamW and of the limit on gradients, with their defaults filled in. */
export type AdamwConfig = z.infer<typeof adamwSchema>;

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2) on flat vectors, in place:
 *
 *   g <- c g,  m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
 *   p <- p (1 - lr wd) - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 *
 * Only one operation reads each buffer that is updated, and the buffer's new value depends on it: the order of
 * execution cannot matter.
 */
function adamwProgram({ beta1, beta2, eps }: AdamwConfig): Program {
  const vector = { shape: ["n"], dtype: "f32" } as const;
  const scalar = { shape: [], dtype: "f32" } as const;
  const inputs = {
    p: vector,
    m: vector,
    v: vector,
    g: vector,
    keep: scalar,
    firstShare: scalar,
    secondShare: scalar,
    stepSize: scalar,
    root: scalar,
  };
  return trace("optim/adamw", inputs, ({ p, m, v, g, keep, firstShare, secondShare, stepSize, root }) => {
    // firstShare = c (1 - b1); secondShare = c^2 (1 - b2)
    const m1 = add(mul(m, beta1), mul(g, firstShare)); // [n]
    const v1 = add(mul(v, beta2), mul(square(g), secondShare)); // [n]
    // stepSize = lr / (1 - b1^t); root = 1 / sqrt(1 - b2^t); keep = 1 - lr wd
    const update = div(mul(m1, stepSize), add(mul(sqrt(v1), root), eps));
    return { p: sub(mul(p, keep), update), m: m1, v: v1 };
  });
}

const squaredNormProgram = (): Program =>
  trace("optim/squared-norm", { g: { shape: ["n"], dtype: "f32" } }, ({ g }) => ({
    squared: sum(square(g)),
  }));

/** A vector of parameters to update; weight decay applies to its first `decayed` elements. */
export interface OptimizerTarget {
  readonly flat: DeviceBuffer;
  readonly decayed: number;
}

/** Thrown when the gradient norm is not finite; the caller names the step and the batch. */
export class NonFiniteGradient extends Error {}

/** AdamW with clipping by global norm, over one flat parameter vector. Parameters and state are updated in place. */
export class AdamW {
  readonly m: DeviceBuffer;
  readonly v: DeviceBuffer;
  /** Compiled for this optimiser alone: a program runs once at a time, and several networks may be trained at once. */
  private readonly compiled: CompiledStep;
  /** Updates done so far. */
  steps = 0;

  constructor(
    runtime: Runtime,
    { flat, decayed }: OptimizerTarget,
    gradient: DeviceBuffer,
    private readonly config: AdamwConfig,
  ) {
    const [length] = flat.shape;
    this.m = runtime.buffer("f32", [length]);
    this.v = runtime.buffer("f32", [length]);
    this.compiled = runtime.compileStep(
      { measure: squaredNormProgram(), update: adamwProgram(config) },
      { p: flat, g: gradient, m: this.m, v: this.v },
      [decayed, length - decayed],
    );
  }

  /**
   * One update from the gradients in the gradient buffer, in one call of the runtime.
   * @returns the global gradient norm before clipping. @throws NonFiniteGradient before anything is changed.
   */
  async step(learningRate: number): Promise<number> {
    const { beta1, beta2, weightDecay, maxGradNorm } = this.config;
    let norm = 0;
    await this.compiled.run(({ squared }) => {
      norm = Math.sqrt(squared);
      if (!Number.isFinite(norm)) throw new NonFiniteGradient(`the gradient norm is ${norm}`);
      const t = ++this.steps;
      const clip = maxGradNorm === null ? 1 : Math.min(1, maxGradNorm / (norm + 1e-6));
      const scalars = {
        firstShare: clip * (1 - beta1),
        secondShare: clip ** 2 * (1 - beta2),
        stepSize: learningRate / (1 - beta1 ** t),
        root: 1 / Math.sqrt(1 - beta2 ** t),
      };
      return [1 - learningRate * weightDecay, 1].map((keep) => ({ ...scalars, keep }));
    });
    return norm;
  }
}
