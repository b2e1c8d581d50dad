/**
 * The architectures of GGUF files, each as data: what differs from Llama in the names of tensors, in how they are stored
 * and in the configuration (llama.cpp: gguf-py/gguf/constants.py, convert_hf_to_gguf.py, src/llama-model.cpp).
 */
import type { Experts, ModelConfig } from "../config.js";
import type { Metadata } from "./gguf-metadata.js";

export interface GgufArchitecture {
  /** Value of general.architecture. */
  ggml: string;
  /** Our name; `mistral` is a `llama` with a window, `olmo3` an `olmo2`. */
  name: ModelConfig["architecture"];
  /** ggml's names of a layer's parts (after "blk.N."), to ours (after "model.layers.N."). */
  parts: Readonly<Record<string, string>>;
  /** Rows of q and k that are rotated together are neighbours. */
  interleaved?: boolean;
  /** Norms' weights are stored as 1 + w. */
  unitOffset?: boolean;
  /** Of a mixture of experts: its architecture, and what the metadata say of the experts. */
  mixture?: {
    readonly name: ModelConfig["architecture"];
    readonly parts: Readonly<Record<string, string>>;
    experts(metadata: Metadata, shared: Pick<Experts, "count" | "chosen">): Experts;
  };
  /** Fields of the configuration that differ from Llama's. */
  fields(metadata: Metadata, common: Common): Partial<ModelConfig>;
}

/** What is read of every file. */
interface Common {
  hiddenSize: number;
  heads: number;
  headDim: number;
  layers: number;
}

const ATTENTION = {
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
};
const MLP = { ffn_gate: "mlp.gate_proj", ffn_up: "mlp.up_proj", ffn_down: "mlp.down_proj" };
const PRE_NORMS = { attn_norm: "input_layernorm", ffn_norm: "post_attention_layernorm" };
const HEAD_NORMS = { attn_q_norm: "self_attn.q_norm", attn_k_norm: "self_attn.k_norm" };
const SANDWICH = {
  attn_norm: "input_layernorm",
  post_attention_norm: "post_attention_layernorm",
  ffn_norm: "pre_feedforward_layernorm",
  post_ffw_norm: "post_feedforward_layernorm",
};
const LLAMA = { ...PRE_NORMS, ...ATTENTION, ...MLP };
/** Tensors of all experts of a layer together (architectures/experts.ts). */
const EXPERTS = {
  ffn_gate_inp: "mlp.router",
  ffn_gate_exps: "mlp.experts.gate_proj",
  ffn_up_exps: "mlp.experts.up_proj",
  ffn_down_exps: "mlp.experts.down_proj",
};
const FUSED_QKV = { attn_qkv: "self_attn.qkv_proj", attn_output: "self_attn.o_proj" };

const window = (metadata: Metadata): number | undefined =>
  metadata.integer("attention.sliding_window", 0) || undefined;

/** Which layers have the window: all but every `period`th. */
const pattern = (layers: number, period: number): boolean[] =>
  Array.from({ length: layers }, (_, layer) => (layer + 1) % period !== 0);

const gemmaFields = ({ hiddenSize }: Common): Partial<ModelConfig> => ({
  unitOffsetNorm: true,
  embeddingScale: Math.sqrt(hiddenSize),
  activation: "gelu_tanh",
});

/** Gemma 2 and 3 scale by the heads' size, the 27B models (by their number of layers) by the width over the heads. */
const gemmaScale = ({ hiddenSize, heads, headDim, layers }: Common, largest: number): number =>
  (layers === largest ? hiddenSize / heads : headDim) ** -0.5;

export const GGUF_ARCHITECTURES: readonly GgufArchitecture[] = [
  {
    ggml: "llama",
    name: "llama",
    parts: LLAMA,
    interleaved: true,
    mixture: {
      name: "mixtral",
      parts: { ...PRE_NORMS, ...ATTENTION, ...EXPERTS },
      experts: (metadata, shared) => ({
        ...shared,
        width: metadata.integer("feed_forward_length"),
        normalized: true,
      }),
    },
    fields: () => ({}),
  },
  { ggml: "qwen2", name: "qwen2", parts: LLAMA, fields: () => ({}) },
  {
    ggml: "qwen3",
    name: "qwen3",
    parts: { ...LLAMA, ...HEAD_NORMS },
    fields: () => ({ queryKeyNorm: "head" }),
  },
  {
    ggml: "qwen3moe",
    name: "qwen3_moe",
    parts: { ...PRE_NORMS, ...ATTENTION, ...HEAD_NORMS, ...EXPERTS },
    mixture: {
      name: "qwen3_moe",
      parts: { ...PRE_NORMS, ...ATTENTION, ...HEAD_NORMS, ...EXPERTS },
      // llama.cpp makes the weights of the chosen sum to 1, whatever the model's own configuration says.
      experts: (metadata, shared) => ({
        ...shared,
        width: metadata.integer("expert_feed_forward_length"),
        normalized: true,
      }),
    },
    fields: () => ({ queryKeyNorm: "head" }),
  },
  {
    ggml: "gemma",
    name: "gemma",
    parts: LLAMA,
    unitOffset: true,
    fields: (_, common) => gemmaFields(common),
  },
  {
    ggml: "gemma2",
    name: "gemma2",
    parts: { ...ATTENTION, ...MLP, ...SANDWICH },
    unitOffset: true,
    fields: (metadata, common) => ({
      ...gemmaFields(common),
      blockNorms: "sandwich",
      attentionScale: gemmaScale(common, 46),
      attentionSoftCap: metadata.optionalReal("attn_logit_softcapping"),
      logitSoftCap: metadata.optionalReal("final_logit_softcapping"),
      slidingWindow: metadata.integer("attention.sliding_window", 4096),
      windowedLayers: pattern(common.layers, 2),
    }),
  },
  {
    ggml: "gemma3",
    name: "gemma3_text",
    parts: { ...ATTENTION, ...MLP, ...SANDWICH, ...HEAD_NORMS },
    unitOffset: true,
    fields: (metadata, common) => ({
      ...gemmaFields(common),
      blockNorms: "sandwich",
      queryKeyNorm: "head",
      attentionScale: gemmaScale(common, 62),
      slidingWindow: metadata.integer("attention.sliding_window"),
      windowedLayers: pattern(common.layers, 6),
      ropeTheta: metadata.real("rope.freq_base", 1_000_000),
      localRopeTheta: metadata.real("rope.freq_base_swa", 10_000),
    }),
  },
  {
    ggml: "phi3",
    name: "phi3",
    parts: { ...PRE_NORMS, ...FUSED_QKV, ffn_up: "mlp.gate_up_proj", ffn_down: "mlp.down_proj" },
    fields: (metadata) => ({ fusedQkv: true, fusedGateUp: true, slidingWindow: window(metadata) }),
  },
  {
    ggml: "olmo2",
    name: "olmo2",
    parts: {
      ...{ ...ATTENTION, ...MLP, ...HEAD_NORMS },
      post_attention_norm: "post_attention_layernorm",
      post_ffw_norm: "post_feedforward_layernorm",
    },
    fields: (metadata, { layers }) => ({
      ...{ blockNorms: "post", queryKeyNorm: "width" },
      ...(window(metadata) !== undefined && {
        windowedLayers:
          metadata.optionalFlags("attention.sliding_window_pattern", layers) ?? pattern(layers, 4),
        localRopeTheta: metadata.real("rope.freq_base_swa", metadata.real("rope.freq_base", 10_000)),
      }),
    }),
  },
  {
    ggml: "gptneox",
    name: "gpt_neox",
    parts: { ...PRE_NORMS, ...FUSED_QKV, ffn_up: "mlp.up_proj", ffn_down: "mlp.down_proj" },
    fields: (metadata) => ({
      ...{ norm: "layer", activation: "gelu", plainMlp: true, fusedQkv: true },
      parallelResidual: metadata.flag("use_parallel_residual", true),
    }),
  },
  {
    ggml: "gpt2",
    name: "gpt2",
    parts: { ...PRE_NORMS, ...FUSED_QKV, ffn_up: "mlp.up_proj", ffn_down: "mlp.down_proj" },
    fields: () => ({
      ...{ norm: "layer", activation: "gelu_tanh", plainMlp: true, fusedQkv: true },
      learnedPositions: true,
      ropeTheta: undefined,
    }),
  },
];
