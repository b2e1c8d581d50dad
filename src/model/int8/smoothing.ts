import type { ModelConfig } from "../config.js";
import { BLOCK_NORMS, blockLinears } from "../weight-names.js";

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
  /**
   * Given if one channel of the maker feeds several channels of the readers' input: one for each query head of a key
   * head.
   */
  repeats?: { heads: number; kvHeads: number; headDim: number };
}

/** Share of the difficulty of rounding that is moved from activations to weights (alpha in SmoothQuant). */
const MIGRATION = 0.5;
const MIN_FACTOR = 1e-3;

/**
 * The groups of a model. A layer is in none if no single weight computes its input, as after an activation or a
 * normalised residual stream.
 */
export function smoothingGroups(config: ModelConfig): Group[] {
  const { heads, kvHeads, headDim } = config;
  const linears = blockLinears(config).map(({ module }) => module);
  const first = (...modules: string[]): string[] => modules.filter((module) => linears.includes(module));
  const norms = BLOCK_NORMS[config.blockNorms ?? "pre"];
  return Array.from({ length: config.layers }, (_, i): Group[] => {
    const group = (maker: string | undefined, readers: string[], repeats?: Group["repeats"]): Group[] => {
      const at = (module: string): string => `model.layers.${i}.${module}`;
      return maker === undefined || readers.length === 0
        ? []
        : [{ maker: at(maker), readers: readers.map(at), ...(repeats && { repeats }) }];
    };
    const [value] = first("self_attn.v_proj");
    const [up] = config.plainMlp ? [] : first("mlp.up_proj");
    return [
      ...group(
        norms.attention.before,
        first(...["q", "k", "v", "qkv"].map((name) => `self_attn.${name}_proj`)),
      ),
      ...group(value, first("self_attn.o_proj"), { heads, kvHeads, headDim }),
      ...group(norms.mlp.before, first("mlp.gate_proj", "mlp.up_proj", "mlp.gate_up_proj")),
      ...group(up, first("mlp.down_proj")),
    ];
  }).flat();
}

/** Factors by which a layer's channels are divided, by `layer.input` and `layer.output`. */
export type Smoothing = Map<string, Float32Array>;

/**
 * SmoothQuant (Xiao et al. 2023): the factor of channel j = max|x_j|^a / max|W_j|^(1 - a), where the second maximum is
 * over the columns j of all readers. If several query heads read one key head's values, the largest factor counts.
 *
 * @param weight a weight matrix [out, in] by the layer's name.
 * @returns for each reader its input's factors [in], for each maker its output's [out]; dead channels have 1.
 */
export async function smoothingFactors(
  config: ModelConfig,
  maxima: ChannelMaxima,
  weight: (layer: string) => Promise<{ data: Float32Array; rows: number; columns: number }>,
): Promise<Smoothing> {
  const smoothing: Smoothing = new Map();
  for (const { maker, readers, repeats } of smoothingGroups(config)) {
    const activations = maxima.get(`${readers[0]}.weight`);
    if (!activations) throw new Error(`no maxima were measured for ${readers[0]}`);
    const weights = new Float32Array(activations.length);
    for (const reader of readers) largestOfColumns(await weight(reader), weights);
    const raw = factorsOf(activations, weights);
    const output = repeats ? largestOfHeads(raw, repeats) : raw;
    const input = repeats ? repeatHeads(output, repeats) : output;
    smoothing.set(`${maker}.output`, output);
    for (const reader of readers) smoothing.set(`${reader}.input`, input);
  }
  return smoothing;
}

/** max|x_j|^a / max|W_j|^(1 - a); 1 for dead channels. */
function factorsOf(activations: Float32Array, weights: Float32Array): Float32Array {
  return activations.map((x, j) => {
    const factor = x ** MIGRATION / weights[j] ** (1 - MIGRATION);
    return Number.isFinite(factor) && factor > 0 ? Math.max(factor, MIN_FACTOR) : 1;
  });
}

/** Raises `into` [columns] to the largest magnitude of each column of a matrix. */
function largestOfColumns(
  { data, rows, columns }: { data: Float32Array; rows: number; columns: number },
  into: Float32Array,
): void {
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) into[j] = Math.max(into[j], Math.abs(data[i * columns + j]));
}

type Heads = NonNullable<Group["repeats"]>;

/** [heads D] to [kvHeads D]: the largest factor among the query heads of each key head. */
function largestOfHeads(factors: Float32Array, { heads, kvHeads, headDim }: Heads): Float32Array {
  const out = new Float32Array(kvHeads * headDim);
  factors.forEach((factor, j) => {
    const head = Math.floor(j / headDim / (heads / kvHeads));
    const at = head * headDim + (j % headDim);
    out[at] = Math.max(out[at], factor);
  });
  return out;
}

/** [kvHeads D] to [heads D]: each key head's factors, repeated for its query heads. */
function repeatHeads(factors: Float32Array, { heads, kvHeads, headDim }: Heads): Float32Array {
  return Float32Array.from({ length: heads * headDim }, (_, j) => {
    const head = Math.floor(j / headDim / (heads / kvHeads));
    return factors[head * headDim + (j % headDim)];
  });
}

/** W [out, in] multiplied by its input's factors and divided by its output's; a norm's weight is [out]. */
export function smoothed(
  data: Float32Array,
  shape: readonly number[],
  input: Float32Array | undefined,
  output: Float32Array | undefined,
): Float32Array<ArrayBuffer> {
  const columns = shape[1] ?? 1;
  const out = new Float32Array(new ArrayBuffer(4 * data.length));
  for (let k = 0; k < data.length; k++) {
    const i = Math.floor(k / columns);
    out[k] = (data[k] * (input?.[k % columns] ?? 1)) / (output?.[i] ?? 1);
  }
  return out;
}
