import {
  attention,
  causalBias,
  linear,
  type Parameters,
  parameter,
  ropeTables,
  segmentBias,
} from "../nn/index.js";
import {
  add,
  cachedAttention,
  constant,
  type Dim,
  gatherRows,
  matmul,
  mul,
  multiplyDims,
  reshape,
  rmsNorm,
  silu,
  type Tensor,
} from "../tensor/index.js";
import type { ModelConfig } from "./config.js";

/**
 * A decoder of the Llama family (Touvron et al. 2023; Llama 3, Mistral, Qwen2): pre-norm blocks of rotary
 * grouped-query attention and a gated MLP. Two ways through the same blocks: whole sequences, differentiable; and a
 * few new tokens over a KV cache.
 */

/** How the attention of one layer is computed; the rest of a block does not depend on it. */
type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor;

/** x [N, D] through all blocks and the last norm. */
function blocks(p: Parameters, config: ModelConfig, x: Tensor, attend: Attend): Tensor {
  let h = x;
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    const a = rmsNorm(h, parameter(p, `${at}.input_layernorm.weight`), config.rmsNormEps);
    const q = linear(p, `${at}.self_attn.q_proj`, a); // [N, H D]
    const k = linear(p, `${at}.self_attn.k_proj`, a); // [N, KV D]
    const v = linear(p, `${at}.self_attn.v_proj`, a); // [N, KV D]
    h = add(linear(p, `${at}.self_attn.o_proj`, attend(layer, q, k, v)), h);

    const m = rmsNorm(h, parameter(p, `${at}.post_attention_layernorm.weight`), config.rmsNormEps);
    const gated = mul(silu(linear(p, `${at}.mlp.gate_proj`, m)), linear(p, `${at}.mlp.up_proj`, m)); // [N, I]
    h = add(linear(p, `${at}.mlp.down_proj`, gated), h);
  }
  return rmsNorm(h, parameter(p, "model.norm.weight"), config.rmsNormEps);
}

/** Rotary tables as constants, for positions below `length`. */
function rotaryConstants(config: ModelConfig, length: number): [cos: Tensor, sin: Tensor] {
  const { cos, sin } = ropeTables(length, config.headDim, config.ropeTheta, config.ropeScaling);
  const shape = [length, config.headDim / 2];
  return [constant(cos, shape), constant(sin, shape)];
}

/**
 * Hidden states of whole sequences, in a differentiable form. Rows are padded on the right: causal attention then
 * keeps real tokens from ever seeing the padding.
 *
 * @param ids i64 [B, T]. @param segments i32 [B, T] where several documents share a row, with `positions` i64
 *   [B, T] counted within each; without them positions count from 0. @returns [B T, D], after the last norm.
 */
export function hiddenStates(
  p: Parameters,
  config: ModelConfig,
  ids: Tensor,
  packed?: { segments: Tensor; positions: Tensor },
): Tensor {
  const [B, T] = ids.shape as [number, number];
  const [cos, sin] = rotaryConstants(config, T);
  const window = config.slidingWindow;
  const counted = BigInt64Array.from({ length: B * T }, (_, i) => BigInt(i % T));
  const positions = packed?.positions ?? constant(counted, [B, T], "i64");
  const bias = packed ? segmentBias(packed.segments, window) : causalBias(T, window);
  const shape = {
    batch: B,
    length: T,
    heads: config.heads,
    kvHeads: config.kvHeads,
    headDim: config.headDim,
  };
  const x = reshape(gatherRows(parameter(p, "model.embed_tokens.weight"), ids), [B * T, config.hiddenSize]);
  return blocks(p, config, x, (_layer, q, k, v) => attention(q, k, v, positions, bias, cos, sin, shape));
}

/** Names of a layer's cache in a decoding program. */
export const cacheNames = (layer: number): [key: string, value: string] => [
  `cache.${layer}.key`,
  `cache.${layer}.value`,
];

export interface DecodeInputs {
  /** i64 [B, T]; T = 1, or B = 1, or beginnings of prompts padded on the right while the cache is empty. */
  ids: Tensor;
  /** i32 [B]: index of each row's last token, these included. */
  lastIndex: Tensor;
  /** i32 [1]: tokens in the longest row, these included. */
  longest: Tensor;
  /** [B, KV, S, D] by `cacheNames`. */
  caches: Readonly<Record<string, Tensor>>;
  /** S at the most; sizes the rotary tables. */
  capacity: number;
}

/** Hidden states of new tokens over a KV cache: [B T, D], and the caches with the new tokens in them. */
export function cachedHiddenStates(
  p: Parameters,
  config: ModelConfig,
  inputs: DecodeInputs,
): { hidden: Tensor; caches: Record<string, Tensor> } {
  const { ids, lastIndex, longest, caches } = inputs;
  const [B, T] = ids.shape as [Dim, Dim];
  const N = multiplyDims(B, T);
  const { heads, kvHeads, headDim } = config;
  const [cos, sin] = rotaryConstants(config, inputs.capacity);
  const updated: Record<string, Tensor> = {};
  const x = reshape(gatherRows(parameter(p, "model.embed_tokens.weight"), reshape(ids, [N])), [
    N,
    config.hiddenSize,
  ]);
  const hidden = blocks(p, config, x, (layer, q, k, v) => {
    const [keyName, valueName] = cacheNames(layer);
    const [output, key, value] = cachedAttention({
      q: reshape(q, [B, T, heads * headDim]),
      k: reshape(k, [B, T, kvHeads * headDim]),
      v: reshape(v, [B, T, kvHeads * headDim]),
      pastKey: caches[keyName],
      pastValue: caches[valueName],
      lastIndex,
      longest,
      cos,
      sin,
      heads,
      kvHeads,
      slidingWindow: config.slidingWindow,
    });
    updated[keyName] = key;
    updated[valueName] = value;
    return reshape(output, [N, heads * headDim]);
  });
  return { hidden, caches: updated };
}

/** The parameter that turns hidden states into logits [V, D]. */
export const headName = (config: ModelConfig): string =>
  config.tieWordEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";

/** Logits of hidden states: [N, D] to [N, V], times `scale` (1 / temperature). */
export function logits(p: Parameters, config: ModelConfig, hidden: Tensor, scale = 1): Tensor {
  return matmul(hidden, parameter(p, headName(config)), { transB: true, alpha: scale });
}

/** A scalar per position from the reward or value head `score.weight` [1, D]: [N, D] to [N]. */
export function scalarHead(p: Parameters, hidden: Tensor): Tensor {
  const scores = matmul(hidden, parameter(p, "score.weight"), { transB: true });
  const bias = p.tensors.get("score.bias");
  return reshape(bias ? add(scores, bias) : scores, [hidden.shape[0]]);
}
