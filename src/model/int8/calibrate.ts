import { PlumbError } from "../../base/errors.js";
import type { HostArray, Runtime } from "../../runtime/runtime.js";
import { abs, reduceMax, type Tensor } from "../../tensor/index.js";
import type { ModelConfig } from "../config.js";
import { frozenNetwork } from "../create.js";
import { hiddenStates } from "../decoder.js";
import type { Model } from "../learner.js";
import type { Weights } from "../network.js";
import { NetworkRunner } from "../runner.js";
import { integers, type Named, type Traced } from "../values.js";
import type { ChannelMaxima } from "./smoothing.js";

/** Distinguishes outputs from the weights whose names they bear. */
const PREFIX = "of/";
/** Rows in one run over calibration data. */
const ROWS = 4;

/**
 * Joins token sequences and cuts them into rows of one length; the remainder is dropped. @throws PlumbError without
 * tokens.
 */
export function calibrationRows(
  sequences: readonly (readonly number[])[],
  length: number,
  most: number,
): number[][] {
  const tokens: number[] = [];
  for (const ids of sequences) {
    if (tokens.length >= most * length) break;
    for (const id of ids) tokens.push(id);
  }
  if (tokens.length === 0) throw new PlumbError("there is no text to calibrate the 8-bit base on");
  const T = Math.min(length, tokens.length);
  return Array.from({ length: Math.min(most, Math.floor(tokens.length / T)) }, (_, i) =>
    tokens.slice(i * T, (i + 1) * T),
  );
}

/**
 * The largest magnitude of each channel of each linear layer's input over the rows.
 *
 * @param rows token ids, all of one length.
 */
export async function channelMaxima(
  runtime: Runtime,
  config: ModelConfig,
  weights: Weights,
  rows: readonly (readonly number[])[],
): Promise<ChannelMaxima> {
  const runner = new NetworkRunner(runtime, frozenNetwork(runtime, config, weights));
  const maxima = new Map<string, Float32Array>();
  for (let start = 0; start < rows.length; start += ROWS) {
    const some = rows.slice(start, start + ROWS);
    const ids = BigInt64Array.from(some.flat(), BigInt);
    const shape = [some.length, some[0].length];
    const out = await runner.evaluate(inputMaxima, { ids: integers(ids, shape) }, {});
    for (const [weight, values] of Object.entries(out)) raise(maxima, weight.slice(PREFIX.length), values);
  }
  return maxima;
}

/** The largest magnitude of each channel of each linear layer's input, by the name of the layer's weight. */
function inputMaxima(model: Model, x: Traced<Named<"ids">>): Record<string, Tensor> {
  const measured = new Map<Tensor, Tensor>(); // layers that read one tensor share its maxima
  const outputs: Record<string, Tensor> = {};
  const observe = (weight: string, input: Tensor): void => {
    const found = measured.get(input) ?? reduceMax(abs(input), 0);
    measured.set(input, found);
    outputs[PREFIX + weight] = found;
  };
  hiddenStates({ ...model, observe }, model.config, x.ids);
  return outputs;
}

function raise(maxima: Map<string, Float32Array>, weight: string, values: HostArray): void {
  const known = maxima.get(weight);
  const found = values as Float32Array;
  maxima.set(weight, known ? known.map((x, j) => Math.max(x, found[j])) : found);
}
