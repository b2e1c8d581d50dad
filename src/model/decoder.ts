import {
  attention,
  blockBias,
  blockwiseAttention,
  causalBias,
  embedding,
  type Parameters,
  parameter,
  ropeTables,
  rowBias,
  softCapped,
  WHOLE_LENGTH,
  weightProduct,
} from "../nn/index.js";
import {
  add,
  cachedAttention,
  cast,
  constant,
  cumulativeSum,
  type Dim,
  fillLike,
  gatherRows,
  matmul,
  minimum,
  mul,
  multiplyDims,
  reshape,
  scoped,
  slice,
  sub,
  type Tensor,
} from "../tensor/index.js";
import { blocks } from "./block.js";
import { type ModelConfig, windowOf } from "./config.js";

/**
 * A decoder-only transformer (Vaswani et al. 2017; Radford et al. 2019; Touvron et al. 2023) as its configuration
 * describes it. The same blocks are used in two ways: on whole sequences, differentiably; and on a few new tokens over
 * a KV cache.
 */

/** Embeddings [B T, D] of tokens i64 [B, T]. @param positions i64, [B, T] or broadcast to it. */
function embed(p: Parameters, config: ModelConfig, ids: Tensor, positions: Tensor): Tensor {
  return scoped("embedding", () => {
    const [B, T] = ids.shape;
    let x = embedding(p, "model.embed_tokens.weight", ids); // [B, T, D]
    if (config.embeddingScale !== undefined) x = mul(x, config.embeddingScale);
    if (config.learnedPositions)
      x = add(x, gatherRows(parameter(p, "model.embed_positions.weight"), positions));
    return reshape(x, [multiplyDims(B, T), config.hiddenSize]);
  });
}

/** Positions i64, limited to those of a learned table: only padding is beyond its end. */
const withinTable = (config: ModelConfig, positions: Tensor): Tensor =>
  config.learnedPositions
    ? minimum(positions, constant(BigInt64Array.of(BigInt(config.maxPositions - 1)), [1], "i64"))
    : positions;

/** One value for layers with a sliding window and one for those without, each made at its first use. */
function byWindow<R>(config: ModelConfig, make: (window: number | undefined) => R): (layer: number) => R {
  const made = new Map<number | undefined, R>();
  return (layer) => {
    const window = windowOf(config, layer);
    if (!made.has(window)) made.set(window, make(window));
    return made.get(window) as R;
  };
}

/** A layer's rotary tables as constants, for positions below `length`; undefined in models that do not rotate. */
const rotaryConstants = (
  config: ModelConfig,
  length: number,
): ((layer: number) => { cos: Tensor; sin: Tensor } | undefined) => {
  const tables = byWindow(config, (window) => {
    const { ropeTheta, ropeScaling, localRopeTheta, rotaryDim = config.headDim } = config;
    if (ropeTheta === undefined) return undefined;
    const local = window !== undefined && localRopeTheta !== undefined;
    const { cos, sin } = local
      ? ropeTables(length, rotaryDim, localRopeTheta)
      : ropeTables(length, rotaryDim, ropeTheta, ropeScaling);
    const shape = [length, rotaryDim / 2];
    return { cos: constant(cos, shape), sin: constant(sin, shape) };
  });
  return (layer) => (config.unrotatedLayers?.[layer] ? undefined : tables(layer));
};

/** The sinks of a layer's heads, [H], if it has any. */
const sinksOf = (p: Parameters, config: ModelConfig, layer: number): Tensor | undefined =>
  config.attentionSinks ? parameter(p, `model.layers.${layer}.self_attn.sinks`) : undefined;

/**
 * Hidden states of whole sequences, in a differentiable form. Rows are padded on the right: with causal attention, real
 * tokens never see the padding.
 *
 * @param ids i64 [B, T].
 * @param packed for rows that hold several documents: `segmentEnd` i32 [B, T], of `RowMask`, and `positions` i64 [B,
 * T], counted within each. Without it, positions count from 0.
 * @returns [B T, D], after the last norm.
 */
export function hiddenStates(
  p: Parameters,
  config: ModelConfig,
  ids: Tensor,
  packed?: { segmentEnd: Tensor; positions: Tensor },
): Tensor {
  const [B, T] = ids.shape as [number, number];
  const counted = BigInt64Array.from({ length: B * T }, (_, i) => BigInt(i % T));
  const positions = packed?.positions ?? constant(counted, [B, T], "i64");
  const tables = rotaryConstants(config, T);
  const whole = T <= WHOLE_LENGTH;
  const bias = byWindow(config, (window) => {
    if (!whole) return blockBias(T, window);
    return packed ? rowBias(packed.segmentEnd, window) : causalBias(T, window);
  });
  const { heads, kvHeads, headDim, attentionScale: scale, attentionSoftCap: softCap } = config;
  const common = { batch: B, length: T, heads, kvHeads, headDim, scale, softCap };
  const x = embed(p, config, ids, withinTable(config, positions));
  return blocks(p, config, x, (layer, q, k, v) => {
    const turn = tables(layer);
    const rotation = turn && { positions, ...turn };
    const shape = { ...common, sinks: sinksOf(p, config, layer) };
    if (whole) return attention(q, k, v, bias(layer), rotation, shape);
    const mask = { bias: bias(layer), window: windowOf(config, layer), segmentEnd: packed?.segmentEnd };
    return blockwiseAttention(q, k, v, mask, rotation, shape);
  });
}

/** Attention over a cache takes heads whose size is a multiple of this (ONNX Runtime's GroupQueryAttention). */
const CACHED_HEAD_MULTIPLE = 8;

/** Size of a head in the cache: others are filled up with zeros, which change no product. */
export const cachedHeadDim = ({ headDim }: ModelConfig): number =>
  Math.ceil(headDim / CACHED_HEAD_MULTIPLE) * CACHED_HEAD_MULTIPLE;

/** Heads [N, H D] with each head filled up to the size that it has in the cache: [N, H D']. */
function widened(config: ModelConfig, x: Tensor, heads: number): Tensor {
  const [from, to] = [config.headDim, cachedHeadDim(config)];
  if (from === to) return x;
  const unit = new Float32Array(from * to);
  for (let i = 0; i < from; i++) unit[i * to + i] = 1;
  const one = reshape(x, [multiplyDims(x.shape[0], heads), from]);
  return reshape(matmul(one, constant(unit, [from, to])), [x.shape[0], heads * to]);
}

/** The inverse of `widened`. */
function narrowed(config: ModelConfig, x: Tensor, heads: number): Tensor {
  const [from, to] = [cachedHeadDim(config), config.headDim];
  if (from === to) return x;
  const one = reshape(x, [multiplyDims(x.shape[0], heads), from]);
  return reshape(slice(one, 1, 0, to), [x.shape[0], heads * to]);
}

/** Names of a layer's cache in a decoding program. */
export const cacheNames = (layer: number): [key: string, value: string] => [
  `cache.${layer}.key`,
  `cache.${layer}.value`,
];

interface DecodeInputs {
  /**
   * i64 [B, T], where T = 1; or B = 1; or the rows are beginnings of prompts, padded on the right, and the cache is
   * empty.
   */
  ids: Tensor;
  /** i32 [B]: index of each row's last token, including these. */
  lastIndex: Tensor;
  /** i32 [1]: tokens in the longest row, including these. */
  longest: Tensor;
  /** [B, KV, S, D] by `cacheNames`, D as `cachedHeadDim` says. */
  caches: Readonly<Record<string, Tensor>>;
  /** At least S; the size of the rotary tables. */
  capacity: number;
}

/**
 * Positions of new tokens, i64 [B, T]: that of a single one is its row's last; several end at the end of the longest
 * row.
 */
function newPositions({ ids, lastIndex, longest }: DecodeInputs): Tensor {
  if (ids.shape[1] === 1) return reshape(cast(lastIndex, "i64"), [ids.shape[0], 1]);
  const fromEnd = cumulativeSum(cast(fillLike(ids, 1), "i64"), 1, true); // T, ..., 2, 1
  return sub(cast(longest, "i64"), fromEnd);
}

/** Hidden states of new tokens over a KV cache, [B T, D], and the caches including the new tokens. */
export function cachedHiddenStates(
  p: Parameters,
  config: ModelConfig,
  inputs: DecodeInputs,
): { hidden: Tensor; caches: Record<string, Tensor> } {
  const { ids, lastIndex, longest, caches } = inputs;
  const [B, T] = ids.shape as [Dim, Dim];
  const N = multiplyDims(B, T);
  const { heads, kvHeads } = config;
  const size = cachedHeadDim(config);
  const filledUp = size !== config.headDim;
  const tables = rotaryConstants(config, inputs.capacity);
  const updated: Record<string, Tensor> = {};
  const x = embed(p, config, ids, withinTable(config, newPositions(inputs)));
  const hidden = blocks(p, config, x, (layer, q, k, v) => {
    const [keyName, valueName] = cacheNames(layer);
    const [output, key, value] = cachedAttention({
      q: reshape(widened(config, q, heads), [B, T, heads * size]),
      k: reshape(widened(config, k, kvHeads), [B, T, kvHeads * size]),
      v: reshape(widened(config, v, kvHeads), [B, T, kvHeads * size]),
      pastKey: caches[keyName],
      pastValue: caches[valueName],
      lastIndex,
      longest,
      ...tables(layer),
      sinks: sinksOf(p, config, layer),
      heads,
      kvHeads,
      slidingWindow: windowOf(config, layer),
      scale: config.attentionScale ?? (filledUp ? 1 / Math.sqrt(config.headDim) : undefined),
      softCap: config.attentionSoftCap,
    });
    updated[keyName] = key;
    updated[valueName] = value;
    return narrowed(config, reshape(output, [N, heads * size]), heads);
  });
  return { hidden, caches: updated };
}

/** Name of the parameter that turns hidden states into logits, [V, D]. */
export const headName = (config: ModelConfig): string =>
  config.tieWordEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";

/**
 * Logits of hidden states: [N, D] to [N, V], times `scale` (1 / temperature), a number or [N, 1]. The model's own divisor
 * and soft cap are applied before it.
 */
export function logits(
  p: Parameters,
  config: ModelConfig,
  hidden: Tensor,
  scale: number | Tensor = 1,
): Tensor {
  return scoped("head", () => {
    const head = headName(config);
    const { logitSoftCap: cap, logitDivisor = 1 } = config;
    if (cap !== undefined) {
      const capped = softCapped(weightProduct(p, head, hidden, 1 / (logitDivisor * cap)), cap);
      return scale === 1 ? capped : mul(capped, scale);
    }
    return typeof scale === "number"
      ? weightProduct(p, head, hidden, scale / logitDivisor)
      : weightProduct(p, head, mul(hidden, scale), 1 / logitDivisor); // [N, D] is far smaller than [N, V]
  });
}

/** A scalar per position from the reward or value head `score.weight` [1, D]: [N, D] to [N]. */
export function scalarHead(p: Parameters, hidden: Tensor): Tensor {
  const scores = matmul(hidden, parameter(p, "score.weight"), { transB: true });
  const bias = p.tensors.get("score.bias");
  return reshape(bias ? add(scores, bias) : scores, [hidden.shape[0]]);
}
