import { dividedInput, dividedOutput, int8Names } from "../../nn/index.js";
import { readFloats } from "../../runtime/read.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { ModelConfig } from "../config.js";
import { headName } from "../decoder.js";
import type { Weights } from "../network.js";
import { isInputMajor, outputsAndInputs } from "../weight-names.js";
import { expectationDither } from "./dither.js";
import { quantizeColumns, quantizeRows, transposed } from "./quantize.js";
import { rotatedRows, spreadingRotation } from "./rotation.js";
import { type Smoothing, smoothed } from "./smoothing.js";

const LINEAR = /^(model\.layers\.\d+\.(?:self_attn|mlp(?:\.experts)?)\.\w+_proj)\.(weight|bias)$/;
/** A mixture's router is not rounded, and reads what is smoothed. */
const ROUTER = /^(model\.layers\.\d+\.mlp\.router)\.(weight|bias)$/;
const NORM = /^(model\.layers\.\d+\.\w+_layernorm)\.(weight|bias)$/;

/** Whether a weight is the matrix of a block's linear layer, or of all experts', which is rounded. */
export const isLinearWeight = (name: string): boolean => LINEAR.test(name) && name.endsWith(".weight");

/** The base with smoothing folded into its weights, still in f32: it computes the same as the base. */
export async function smoothedBase(
  runtime: Runtime,
  { unitOffsetNorm }: Pick<ModelConfig, "unitOffsetNorm">,
  base: Weights,
  smoothing: Smoothing,
): Promise<Weights> {
  const out = new Map(base);
  for (const [name, buffer] of base) {
    const norm = NORM.exec(name);
    const [, layer, kind] = norm ?? LINEAR.exec(name) ?? ROUTER.exec(name) ?? [];
    if (layer === undefined) continue;
    const input =
      kind === "weight" && buffer.shape.length === 2 ? smoothing.get(`${layer}.input`) : undefined;
    const output = smoothing.get(`${layer}.output`);
    if (!input && !output) continue;
    const plus = norm && kind === "weight" && unitOffsetNorm ? 1 : 0;
    const factors = isInputMajor(name) ? inverses(input, output) : ([input, output] as const);
    const data = smoothed(await readFloats(buffer), buffer.shape[1] ?? 1, ...factors, plus);
    out.set(name, runtime.adopt("f32", buffer.shape, data, name));
  }
  for (const [name, factors] of smoothing) {
    const layer = name.slice(0, name.lastIndexOf("."));
    if (!LINEAR.test(`${layer}.weight`) && !ROUTER.test(`${layer}.weight`)) continue;
    const key = name.endsWith(".input") ? dividedInput(layer) : dividedOutput(layer);
    out.set(key, runtime.buffer("f32", [factors.length], factors));
  }
  return out;
}

/** Factors for the transpose of a matrix: its outputs lie where the other's inputs do. */
const inverses = (input: Float32Array | undefined, output: Float32Array | undefined) =>
  [output?.map((factor) => 1 / factor), input?.map((factor) => 1 / factor)] as const;

/** Names of the weights used in matrix products: those of the linear layers, of experts, and of the head. */
export const productWeights = (config: ModelConfig, base: Weights): string[] => [
  ...[...base.keys()].filter(isLinearWeight),
  ...(config.head === "score" ? [] : [headName(config)]),
];

/**
 * A smoothed base with its products in 8 bits: each weight matrix with a scale for each output and, if inputs are
 * differentiated, its transpose with a scale for each input. Embedding, norms and biases stay in f32. All products
 * round activations to 8 bits; `withInt16Activations` changes some to 16. The head's input is rotated when it is
 * computed: the rotation cannot be folded into a weight, and of all inputs, this one costs most when rounded.
 */
export async function int8Base(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  { differentiable }: { differentiable: boolean },
): Promise<Weights> {
  const out = new Map(base);
  const head = headName(config);
  const put = (
    matrix: Float32Array,
    shape: [number, number],
    { values: key, scales: scaleKey }: { values: string; scales: string },
  ): void => {
    const { values, scales } = quantizeColumns(matrix, ...shape);
    out.set(key, runtime.adopt("i8", shape, values, key));
    out.set(scaleKey, runtime.adopt("f32", [shape[1]], scales, scaleKey));
  };
  for (const name of productWeights(config, base)) {
    const buffer = base.get(name);
    if (!buffer) throw new Error(`the base has no ${name}`);
    const [rows, columns] = outputsAndInputs(name, buffer.shape);
    const names = int8Names(name);
    let data = await readFloats(buffer);
    if (isInputMajor(name)) data = transposed(data, columns, rows);
    if (name === head) {
      const rotation = spreadingRotation(columns);
      data = await rotatedRows(runtime, data, rotation);
      out.set(names.inputRotation, runtime.adopt("f32", [columns, columns], rotation, names.inputRotation));
      if (differentiable) out.set(names.dither, expectationDither(runtime, rows));
    }
    put(transposed(data, rows, columns), [columns, rows], names.w8a8);
    if (differentiable) put(data, [rows, columns], names.adjoint);
    if (name !== head || !config.tieWordEmbeddings) out.delete(name);
  }
  return out;
}

/**
 * A base whose products all round activations to 8 bits, changed to 16 bits for the weights named. Nothing is copied.
 */
export function withInt16Activations(base: Weights, weights: Iterable<string>): Weights {
  const out = new Map(base);
  for (const weight of weights) {
    const { w8a8, w8a16 } = int8Names(weight);
    for (const part of ["values", "scales"] as const) {
      const buffer = base.get(w8a8[part]);
      if (!buffer) throw new Error(`the base has no ${w8a8[part]}`);
      out.delete(w8a8[part]);
      out.set(w8a16[part], buffer);
    }
  }
  return out;
}

/** A base in 8 bits whose embedding is also in 8 bits, with one scale per row, for look-up. */
export async function withInt8Embedding(runtime: Runtime, base: Weights): Promise<Weights> {
  const name = "model.embed_tokens.weight";
  const buffer = base.get(name);
  if (!buffer) throw new Error(`the base has no ${name}`);
  const { values, scales } = quantizeRows(await readFloats(buffer), buffer.shape[1]);
  const names = int8Names(name).rows;
  const out = new Map(base);
  out.delete(name);
  out.set(names.values, runtime.adopt("i8", buffer.shape, values, names.values));
  out.set(names.scales, runtime.adopt("f32", [buffer.shape[0]], scales, names.scales));
  return out;
}
