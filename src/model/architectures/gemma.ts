import type { ModelConfig } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Architecture, Composite, Described } from "./architecture.js";
import { activationName, activationOf, layerTypes, llamaFields, llamaJson, windowFields } from "./fields.js";
import { layerRopes, layerRopesJson, ropeFields } from "./rope-fields.js";

/** Fields that all Gemmas share: scaled embeddings, norms of weight 1 + w, GELU, embeddings tied to the head. */
function gemmaFields(json: JsonFields, activationKey: string, rope = ropeFields(json)): Described {
  if (json.boolean("use_bidirectional_attention", false))
    throw json.wrong("use_bidirectional_attention", "false: only causal attention is supported");
  const biased = json.boolean("attention_bias", false);
  const fields = llamaFields(json, activationKey, rope);
  return {
    ...fields,
    headDim: json.number("head_dim", 256),
    rmsNormEps: json.number("rms_norm_eps", 1e-6),
    unitOffsetNorm: true,
    embeddingScale: Math.sqrt(fields.hiddenSize),
    tieWordEmbeddings: json.boolean("tie_word_embeddings", true),
    qkvBias: biased,
    outputBias: biased,
  };
}

const gemmaJson = (config: ModelConfig): object => ({ ...llamaJson(config), attention_bias: config.qkvBias });

/** Gemma 1 (Gemma Team 2024; transformers, models/gemma). Its older files write "gelu" for the tanh form. */
export const gemma: Architecture = {
  name: "gemma",
  causal: "GemmaForCausalLM",
  classifier: "GemmaForSequenceClassification",
  read(json) {
    const activation = activationOf(json, "hidden_act", "gelu_pytorch_tanh");
    return {
      ...gemmaFields(json, "hidden_act"),
      activation: activation === "gelu" ? "gelu_tanh" : activation,
    };
  },
  write: gemmaJson,
  oneValue: { hidden_activation: ["gelu_pytorch_tanh"] },
};

/** Keys that files of Gemma 2 and 3 have beside the one that counts. */
const OLDER_KEYS = { hidden_act: ["gelu_pytorch_tanh"], sliding_window_size: [4096] };

/**
 * Fields that Gemma 2 and 3 share: norms on both sides, their own attention scale, soft caps, windows in most layers.
 */
function gemma2Fields(
  json: JsonFields,
  caps: { attention?: number; logits?: number },
  windows: (window: number | undefined) => Partial<Described>,
  rope?: Pick<Described, "ropeTheta" | "ropeScaling">,
): Described {
  return {
    ...gemmaFields(json, "hidden_activation", rope),
    activation: activationOf(json, "hidden_activation", "gelu_pytorch_tanh"),
    blockNorms: "sandwich",
    attentionScale: json.number("query_pre_attn_scalar", 256) ** -0.5,
    attentionSoftCap: json.optionalNumber("attn_logit_softcapping", caps.attention),
    logitSoftCap: json.optionalNumber("final_logit_softcapping", caps.logits),
    ...windows(json.optionalNumber("sliding_window", 4096)),
  };
}

const gemma2Json = (config: ModelConfig): object => ({
  ...gemmaJson(config),
  hidden_activation: activationName(config),
  query_pre_attn_scalar: Math.round((config.attentionScale ?? config.headDim ** -0.5) ** -2),
  attn_logit_softcapping: config.attentionSoftCap ?? null,
  final_logit_softcapping: config.logitSoftCap ?? null,
  sliding_window: config.slidingWindow ?? null,
  layer_types: layerTypes(config),
});

/** Gemma 2 (Gemma Team 2024; transformers, models/gemma2): every other layer has a window, beginning with the first. */
export const gemma2: Architecture = {
  name: "gemma2",
  causal: "Gemma2ForCausalLM",
  classifier: "Gemma2ForSequenceClassification",
  read: (json) =>
    gemma2Fields(json, { attention: 50, logits: 30 }, (window) =>
      windowFields(json, window, undefined, (layer) => layer % 2 === 0),
    ),
  write: gemma2Json,
  oneValue: OLDER_KEYS,
};

/** Gemma 3 of 4B and larger, which sees images: transformers 4 and 5 begin the text model's names in different ways. */
const gemma3WithImages: Composite = {
  causal: "Gemma3ForConditionalGeneration",
  type: "gemma3",
  text: "text_config",
  defaults: {
    vocab_size: 262_208,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    max_position_embeddings: 131_072,
    rms_norm_eps: 1e-6,
    bos_token_id: 2,
    eos_token_id: 1,
    pad_token_id: 0,
  },
  withoutEffect: [
    ...["vision_config", "mm_tokens_per_image", "image_token_index", "boi_token_index", "eoi_token_index"],
  ],
  leftOut: { what: "the vision tower", tensors: /^(model\.)?(vision_tower|multi_modal_projector)\./ },
  prefixes: {
    "language_model.model.": "model.",
    "model.language_model.": "model.",
    "language_model.lm_head.": "lm_head.",
  },
  today: "model.language_model.",
};

/**
 * The text model of Gemma 3 (Gemma Team 2025; transformers, models/gemma3): the heads of q and k are normed, one layer
 * in six attends to the whole context, and layers with a window have another rotary base.
 */
export const gemma3: Architecture = {
  name: "gemma3_text",
  causal: "Gemma3ForCausalLM",
  classifier: "Gemma3TextForSequenceClassification",
  read(json) {
    const period = json.optionalNumber("sliding_window_pattern");
    const every = (period: number) => (layer: number) => (layer + 1) % period !== 0;
    const windows = (window: number | undefined) =>
      windowFields(json, window, period === undefined ? undefined : every(period), every(6));
    const rope = layerRopes(json, 1_000_000, 10_000, "rope_local_base_freq");
    return {
      ...gemma2Fields(json, {}, windows, rope),
      queryKeyNorm: "head",
      localRopeTheta: rope.localRopeTheta,
    };
  },
  write: (config) => ({
    ...gemma2Json(config),
    rope_local_base_freq: config.localRopeTheta,
    ...layerRopesJson(config),
  }),
  oneValue: OLDER_KEYS,
  composite: gemma3WithImages,
};
