import type { Runtime } from "../../runtime/runtime.js";
import type { ModelConfig } from "../config.js";
import type { Weights } from "../create.js";
import { int8Base, smoothedBase, withInt8Embedding } from "./base.js";
import { calibrationRows, channelMaxima } from "./calibrate.js";
import { type BaseError, compareBases } from "./compare.js";
import { withGradients } from "./gradients.js";
import { sensitivities } from "./sensitivity.js";
import { smoothingFactors } from "./smoothing.js";

/** A base in 8 bits and what it costs in exactness. */
export interface QuantizedBase {
  weights: Weights;
  /** Measured on text that was not calibrated on. */
  error: BaseError;
  /** Weights whose products round activations to 16 bits. */
  fine: string[];
  /** The text it was calibrated on and measured on, token ids: the same rows and limit make the same base again. */
  rows: readonly (readonly number[])[];
}

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
/** Share of the limit that the expected error may fill: it leaves out how errors add up. */
const EXPECTED_SHARE = 0.8;

/**
 * Brings the products of a base to 8 bits:
 *
 * 1. measures the range of every channel on a few rows;
 * 2. folds smoothing factors into the weights (SmoothQuant);
 * 3. estimates what share of the error each product's rounding has, and measures the error with 8-bit activations
 *    everywhere and with 16-bit ones everywhere, which is that of rounding weights;
 * 4. gives those that cost most for their size 16-bit activations, until the error that is expected of the mixture is well
 *    inside the limit;
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
  const smoothing = smoothingFactors(config, maxima, (layer) => {
    const weight = base.get(`${layer}.weight`);
    if (!weight) throw new Error(`the base has no ${layer}`);
    return { data: weight.data() as Float32Array, rows: weight.shape[0], columns: weight.shape[1] };
  });
  const exact = smoothedBase(runtime, base, smoothing);

  const coarse = int8Base(runtime, config, exact, maxima, { differentiable: false });
  const costs = await sensitivities(runtime, config, exact, coarse, calibration.slice(0, SENSITIVITY_ROWS));
  const everywhere = new Set(costs.keys());
  const finer = int8Base(runtime, config, exact, maxima, { differentiable: false, fine: everywhere });
  const measured = async (rounded: Weights): Promise<number> =>
    (await compareBases(runtime, config, exact, rounded, calibration, false)).klPerToken;
  const bounds = { coarse: await measured(coarse), fine: await measured(finer) };
  const fine = finest(costs, exact, bounds, EXPECTED_SHARE * limit);

  const options = { differentiable: use === "training", fine: new Set(fine) };
  const rounded = int8Base(runtime, config, exact, maxima, options);
  const weights = use === "storage" ? withInt8Embedding(runtime, rounded) : rounded;
  const loaded = use === "storage" ? withGradients(runtime, config, weights) : weights;
  const error = await compareBases(runtime, config, exact, loaded, others, use !== "inference");
  return { weights, error, fine, rows };
}

/**
 * The products to make with 16-bit activations: those whose error is largest for their size, until the rest fits. Between all
 * coarse and all fine, the error is taken to fall with the share of the costs that is fine.
 */
function finest(
  costs: ReadonlyMap<string, number>,
  base: Weights,
  error: { coarse: number; fine: number },
  limit: number,
): string[] {
  const size = (name: string): number => (base.get(name)?.shape ?? []).reduce((a, b) => a * b, 1);
  const order = [...costs].sort(([a, x], [b, y]) => y / size(b) - x / size(a));
  const all = order.reduce((sum, [, cost]) => sum + cost, 0);
  const fine: string[] = [];
  let rest = all;
  for (const [name, cost] of order) {
    if (error.fine + (error.coarse - error.fine) * (rest / all) <= limit) break;
    fine.push(name);
    rest -= cost;
  }
  return fine;
}
