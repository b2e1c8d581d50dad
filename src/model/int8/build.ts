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

/** What an 8-bit base is for: `storage` has its embedding in 8 bits too, and leaves what gradients need to loading. */
export type BaseUse = "inference" | "training" | "storage";

/** Rows of text that ranges are measured on, and as many again that the error is measured on; tokens in each. */
const ROWS = 16;
const ROW_TOKENS = 128;
/** Tokens of which more would not be used. */
export const CALIBRATION_TOKENS = 2 * ROWS * ROW_TOKENS;
/** The text that a model of that context needs. */
export const calibrationTokens = ({ maxPositions }: ModelConfig): { rows: number; tokens: number } => ({
  rows: 2 * ROWS,
  tokens: Math.min(ROW_TOKENS, maxPositions),
});
/** Rows that sensitivities are estimated on: one backward pass. */
const SENSITIVITY_ROWS = 4;
/** Share of the limit that the error on the calibration rows may fill: on other text it is another. */
const SHARE_OF_LIMIT = 0.85;
/** Cosine of an adapter's gradients that is worth more products with 16-bit activations. */
const WANTED_COSINE = 0.99;

/**
 * Brings the products of a base to 8 bits:
 *
 * 1. measures the range of every channel on a few rows;
 * 2. folds smoothing factors into the weights (SmoothQuant);
 * 3. estimates what share of the error each product's rounding has;
 * 4. gives those that cost most for the time it takes 16-bit activations: the fewest with which the measured error is inside
 *    the limit, and where it is trained on, the adapters' gradients point where they do on the exact one;
 * 5. measures the error of the whole on other rows.
 *
 * @param texts token ids of what the base will see; at least a row of 128 tokens is of use, 32 rows are enough.
 * @param limit KL per token, nats, that step 4 aims at. Whether it is kept is for the caller to judge.
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
    return { data: await readFloats(weight), rows: weight.shape[0], columns: weight.shape[1] };
  });
  const exact = await smoothedBase(runtime, base, smoothing);

  const coarse = await int8Base(runtime, config, exact, { differentiable: use === "training" });
  const costs = await sensitivities(runtime, config, exact, coarse, some);
  const embedded = use === "storage" ? await withInt8Embedding(runtime, coarse) : coarse;
  const loaded = use === "storage" ? await withGradients(runtime, config, embedded) : embedded;
  const comparison = (on: typeof rows) => new BaseComparison(runtime, config, exact, on);
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
