import type { Experts, ModelConfig } from "../config.js";
import { BLOCK_NORMS, blockLinears, isInputMajor } from "../weight-names.js";

/** Largest magnitude of each channel of a product's input, by the weight's name. */
export type ChannelMaxima = ReadonlyMap<string, Float32Array>;

/**
 * Layers that read one tensor, and the layer or norm that computes it. The maker's channels are divided by factors with
 * which the readers' columns are multiplied: the network computes the same, and its activations are easier to round.
 */
interface Group {
  /** A norm or linear layer whose output channels are divided. */
  maker: string;
  /** Linear layers whose input channels are multiplied. */
  readers: string[];
  /** Layers that read the same tensor and are not rounded: their channels are multiplied too, and have no say. */
  exact?: string[];
  /** Given where the maker's channels are not the readers' one for one. */
  channels?: Channels;
}

interface Channels {
  /** Factors of the maker's outputs, for those that suit the readers' inputs. */
  outputs(inputs: Float32Array): Float32Array;
  /** Factors of the readers' inputs where the maker's outputs have these. */
  inputs(outputs: Float32Array): Float32Array;
}

/** Share of the difficulty of rounding that is moved from activations to weights (alpha in SmoothQuant). */
const MIGRATION = 0.5;
const MIN_FACTOR = 1e-3;

/**
 * The groups of a model. A layer is in none if no single weight computes its input, as after an activation or a
 * normalised residual stream.
 */
export function smoothingGroups(config: ModelConfig): Group[] {
  const { experts } = config;
  const linears = blockLinears(config).map(({ module }) => module);
  const first = (...modules: string[]): string[] => modules.filter((module) => linears.includes(module));
  const norms = BLOCK_NORMS[config.blockNorms ?? "pre"];
  return Array.from({ length: config.layers }, (_, i): Group[] => {
    const at = (module: string): string => `model.layers.${i}.${module}`;
    const group = (maker: string | undefined, readers: string[], channels?: Channels): Group[] =>
      maker === undefined || readers.length === 0
        ? []
        : [{ maker: at(maker), readers: readers.map(at), ...(channels && { channels }) }];
    const [value] = first("self_attn.v_proj");
    const [up] = config.plainMlp ? [] : first("mlp.up_proj");
    return [
      ...group(
        norms.attention.before,
        first(...["q", "k", "v", "qkv"].map((name) => `self_attn.${name}_proj`)),
      ),
      ...group(value, first("self_attn.o_proj"), headChannels(config)),
      ...group(norms.mlp.before, first("mlp.gate_proj", "mlp.up_proj", "mlp.gate_up_proj")),
      ...group(up, first("mlp.down_proj")),
      ...(experts ? ofExperts(experts, at, norms.mlp.before) : []),
    ];
  }).flat();
}

/**
 * The groups of a block's experts: what their router reads as well, and their ups, on which the activation has no effect
 * unless they are clamped.
 */
function ofExperts(
  { count, width, clamped }: Experts,
  at: (module: string) => string,
  norm: string | undefined,
): Group[] {
  const [gateUp, down] = [at("mlp.experts.gate_up_proj"), at("mlp.experts.down_proj")];
  const read = { readers: [gateUp], exact: [at("mlp.router")] };
  return [
    ...(norm === undefined ? [] : [{ maker: at(norm), ...read }]),
    ...(clamped ? [] : [{ maker: gateUp, readers: [down], channels: upChannels(count, width) }]),
  ];
}

/** Factors by which a layer's channels are divided, by `layer.input` and `layer.output`. */
export type Smoothing = Map<string, Float32Array>;

/**
 * SmoothQuant (Xiao et al. 2023): the factor of channel j = max|x_j|^a / max|W_j|^(1 - a), where the second maximum is
 * over the columns j of all readers. If several query heads read one key head's values, the largest factor counts. A
 * channel that was 0 throughout, as those of an expert that was never chosen are, gets the factor that makes its columns
 * as large as the median of the others'.
 *
 * @param weight a weight matrix by the layer's name.
 * @returns for each reader its input's factors [in], for each maker its output's [out]; 1 where the weights are 0.
 */
export async function smoothingFactors(
  config: ModelConfig,
  maxima: ChannelMaxima,
  weight: (layer: string) => Promise<{ data: Float32Array; shape: readonly number[] }>,
): Promise<Smoothing> {
  const smoothing: Smoothing = new Map();
  for (const { maker, readers, exact = [], channels } of smoothingGroups(config)) {
    const activations = maxima.get(`${readers[0]}.weight`);
    if (!activations) throw new Error(`no maxima were measured for ${readers[0]}`);
    const weights = new Float32Array(activations.length);
    for (const reader of readers) {
      const { data, shape } = await weight(reader);
      if (isInputMajor(`${reader}.weight`)) largestOfRows(data, shape[1], weights);
      else largestOfColumns(data, shape[1], weights);
    }
    const raw = factorsOf(activations, weights);
    const output = channels ? channels.outputs(raw) : raw;
    const input = channels ? channels.inputs(output) : output;
    smoothing.set(`${maker}.output`, output);
    for (const reader of [...readers, ...exact]) smoothing.set(`${reader}.input`, input);
  }
  return smoothing;
}

/** max|x_j|^a / max|W_j|^(1 - a), for channels that are 0 what makes |W_j| typical; 1 where weights are 0. */
function factorsOf(activations: Float32Array, weights: Float32Array): Float32Array {
  const moved = activations.map((x, j) => x ** MIGRATION / weights[j] ** (1 - MIGRATION));
  const isLive = (factor: number): boolean => Number.isFinite(factor) && factor > 0;
  const magnitudes = moved.map((factor, j) => factor * weights[j]).filter(isLive);
  const typical = magnitudes.sort()[Math.floor(magnitudes.length / 2)];
  return moved.map((factor, j) => {
    const chosen = activations[j] === 0 ? typical / weights[j] : factor;
    return isLive(chosen) ? Math.max(chosen, MIN_FACTOR) : 1;
  });
}

/** Raises `into` [columns] to the largest magnitude of each column of a matrix. */
function largestOfColumns(data: Float32Array, columns: number, into: Float32Array): void {
  for (let start = 0; start < data.length; start += columns)
    for (let j = 0; j < columns; j++) into[j] = Math.max(into[j], Math.abs(data[start + j]));
}

/** Raises `into` [rows] to the largest magnitude of each row of a matrix. */
function largestOfRows(data: Float32Array, columns: number, into: Float32Array): void {
  for (let i = 0; i < into.length; i++)
    for (let j = 0; j < columns; j++) into[i] = Math.max(into[i], Math.abs(data[i * columns + j]));
}

/** Values and what attention makes of them: a key head feeds several query heads. */
function headChannels({ heads, kvHeads, headDim }: ModelConfig): Channels {
  const feeds = (head: number): number => Math.floor(head / (heads / kvHeads));
  const source = (j: number): number => feeds(Math.floor(j / headDim)) * headDim + (j % headDim);
  return {
    /** The largest factor among the query heads of each key head. */
    outputs(inputs) {
      const out = new Float32Array(kvHeads * headDim);
      inputs.forEach((factor, j) => {
        out[source(j)] = Math.max(out[source(j)], factor);
      });
      return out;
    },
    inputs: (outputs) => Float32Array.from({ length: heads * headDim }, (_, j) => outputs[source(j)]),
  };
}

/** Experts' gates and ups [E 2 width], and the products of the two [E width]: the ups alone are divided. */
function upChannels(count: number, width: number): Channels {
  const up = (j: number): number => Math.floor(j / width) * 2 * width + width + (j % width);
  return {
    outputs(inputs) {
      const out = new Float32Array(2 * count * width).fill(1);
      inputs.forEach((factor, j) => {
        out[up(j)] = factor;
      });
      return out;
    },
    inputs: (outputs) => Float32Array.from({ length: count * width }, (_, j) => outputs[up(j)]),
  };
}

/**
 * W [out, in] multiplied by its input's factors and divided by its output's. @param plus what the network adds to each
 * weight before it multiplies: 1 for the vectors of some norms.
 */
export function smoothed(
  data: Float32Array,
  columns: number,
  input: Float32Array | undefined,
  output: Float32Array | undefined,
  plus = 0,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(new ArrayBuffer(4 * data.length));
  for (let k = 0; k < data.length; k++) {
    const i = Math.floor(k / columns);
    out[k] = ((data[k] + plus) * (input?.[k % columns] ?? 1)) / (output?.[i] ?? 1) - plus;
  }
  return out;
}
