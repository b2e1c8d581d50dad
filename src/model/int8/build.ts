import { readFloats } from "../../runtime/read.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { ModelConfig } from "../config.js";
import type { Weights } from "../network.js";
import { int8Base, smoothedBase, withInt8Embedding, withInt16Activations } from "./base.js";
import { calibrationRows, channelMaxima } from "./calibrate.js";
import { BaseComparison } from "./compare.js";
import { withGradients } from "./gradients.js";
import { byCost, fewestInt16, moreInt16 } from "./int16-products.js";
import type { QuantizedBase } from "./quantized-base.js";
import { sensitivities } from "./sensitivity.js";
import { smoothingFactors } from "./smoothing.js";

/**
 * The use of an 8-bit base. With `storage`, its embedding is in 8 bits as well, and what gradients need is added at
 * loading.
 */
export type BaseUse = "inference" | "training" | "storage";

/** Rows of text for measuring ranges, and as many again for measuring the error. */
const ROWS = 16;
const ROW_TOKENS = 128;
/** Tokens of text beyond which no more are used. */
export const CALIBRATION_TOKENS = 2 * ROWS * ROW_TOKENS;
/** The amount of text for a model with that context. */
export const calibrationTokens = ({ maxPositions }: ModelConfig): { rows: number; tokens: number } => ({
  rows: 2 * ROWS,
  tokens: Math.min(ROW_TOKENS, maxPositions),
});
/** Rows for estimating sensitivities: one backward pass. */
const SENSITIVITY_ROWS = 4;
/** Largest share of the limit for the error on the calibration rows: on other text, the error may be larger. */
const SHARE_OF_LIMIT = 0.85;
/** Cosine of an adapter's gradients below which further products get 16-bit activations. */
const WANTED_COSINE = 0.99;

/**
 * Quantises the products of a base to 8 bits:
 *
 * 1. measures the range of every channel on a few rows;
 * 2. folds smoothing factors into the weights (SmoothQuant);
 * 3. estimates each product's share of the rounding error;
 * 4. gives 16-bit activations to the products with the largest error for their time: as few as possible such that the
 * measured error is within the limit and, if the base is for training, the gradients of adapters point as on the exact
 * base;
 * 5. measures the error of the result on other rows.
 *
 * @param texts token ids like those that the base will see; at least one row of 128 tokens is needed, and 32 rows are
 * enough.
 * @param limit KL per token, in nats, that step 4 aims for. The caller must check whether it is met.
 */
export async function quantizeBase(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  texts: readonly (readonly number[])[],
  { limit, use }: { limit: number; use: BaseUse },
): Promise<QuantizedBase> {
  const wanted = calibrationTokens(config);
  const rows = calibrationRows(texts, wanted.tokens, wanted.rows);
  const half = Math.ceil(rows.length / 2);
  const [calibration, others] = [rows.slice(0, half), rows.length > 1 ? rows.slice(half) : rows];

  const maxima = await channelMaxima(runtime, config, base, calibration);
  const some = calibration.slice(0, SENSITIVITY_ROWS);
  const smoothing = await smoothingFactors(config, maxima, async (layer) => {
    const weight = base.get(`${layer}.weight`);
    if (!weight) throw new Error(`the base has no ${layer}`);
    return { data: await readFloats(weight), shape: weight.shape };
  });
  const exact = await smoothedBase(runtime, config, base, smoothing);

  const coarse = await int8Base(runtime, config, exact, { differentiable: use === "training" });
  const costs = await sensitivities(runtime, config, exact, coarse, some);
  const embedded = use === "storage" ? await withInt8Embedding(runtime, coarse) : coarse;
  const loaded = use === "storage" ? await withGradients(runtime, config, embedded) : embedded;
  const comparison = (on: typeof rows) => new BaseComparison(runtime, config, base, on);
  const onCalibration = comparison(calibration);
  const names = byCost(costs, exact);
  let int16 = await fewestInt16(
    names,
    async (first) =>
      (await onCalibration.error(withInt16Activations(loaded, first), false)).klPerToken <=
      SHARE_OF_LIMIT * limit,
  );
  const differentiated = use !== "inference";
  if (differentiated) {
    const onSome = comparison(some);
    int16 = await moreInt16(
      names,
      int16,
      async (first) => (await onSome.gradientCosine(withInt16Activations(loaded, first))) >= WANTED_COSINE,
    );
  }
  const error = await comparison(others).error(withInt16Activations(loaded, int16), differentiated);
  return { weights: withInt16Activations(embedded, int16), error, int16, rows };
}
