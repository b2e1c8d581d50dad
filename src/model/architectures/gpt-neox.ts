import type { Architecture } from "./architecture.js";
import { activationName, activationOf } from "./fields.js";
import { ropeFields, ropeScalingJson, rotaryDimOf, rotaryShare } from "./rope-fields.js";

/**
 * GPT-NeoX and Pythia (Black et al. 2022, Biderman et al. 2023; transformers, models/gpt_neox): attention and MLP in
 * parallel, layer norms, and q, k, v joined head by head.
 */
export const gptNeox: Architecture = {
  name: "gpt_neox",
  causal: "GPTNeoXForCausalLM",
  classifier: "GPTNeoXForSequenceClassification",
  read(json) {
    const hiddenSize = json.number("hidden_size");
    const heads = json.number("num_attention_heads");
    const headDim = hiddenSize / heads;
    const biased = json.boolean("attention_bias", true);
    return {
      vocabSize: json.number("vocab_size"),
      hiddenSize,
      intermediateSize: json.number("intermediate_size"),
      layers: json.number("num_hidden_layers"),
      heads,
      kvHeads: heads,
      headDim,
      maxPositions: json.number("max_position_embeddings"),
      norm: "layer",
      rmsNormEps: json.number("layer_norm_eps", 1e-5),
      parallelResidual: json.boolean("use_parallel_residual", true),
      ...ropeFields(json, { base: "rotary_emb_base" }),
      rotaryDim: rotaryDimOf(json, "rotary_pct", 0.25, headDim),
      activation: activationOf(json, "hidden_act", "gelu"),
      plainMlp: true,
      fusedQkv: true,
      tieWordEmbeddings: json.boolean("tie_word_embeddings", false),
      qkvBias: biased,
      outputBias: biased,
      mlpBias: true,
    };
  },
  write: (config) => ({
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    hidden_act: activationName(config),
    max_position_embeddings: config.maxPositions,
    layer_norm_eps: config.rmsNormEps,
    use_parallel_residual: config.parallelResidual ?? false,
    attention_bias: config.qkvBias,
    rotary_emb_base: config.ropeTheta,
    rotary_pct: rotaryShare(config),
    rope_scaling: ropeScalingJson(config),
    rope_parameters: {
      rope_theta: config.ropeTheta,
      partial_rotary_factor: rotaryShare(config),
      ...(ropeScalingJson(config) ?? { rope_type: "default" }),
    },
    tie_word_embeddings: config.tieWordEmbeddings,
  }),
  names: {
    modules: {
      "model.embed_tokens": "gpt_neox.embed_in",
      "model.layers.*.input_layernorm": "gpt_neox.layers.*.input_layernorm",
      "model.layers.*.self_attn.qkv_proj": "gpt_neox.layers.*.attention.query_key_value",
      "model.layers.*.self_attn.o_proj": "gpt_neox.layers.*.attention.dense",
      "model.layers.*.post_attention_layernorm": "gpt_neox.layers.*.post_attention_layernorm",
      "model.layers.*.mlp.up_proj": "gpt_neox.layers.*.mlp.dense_h_to_4h",
      "model.layers.*.mlp.down_proj": "gpt_neox.layers.*.mlp.dense_4h_to_h",
      "model.norm": "gpt_neox.final_layer_norm",
      lm_head: "embed_out",
    },
    layouts: { "model.layers.*.self_attn.qkv_proj": "by-head" },
  },
};
