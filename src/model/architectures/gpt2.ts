import type { Architecture } from "./architecture.js";
import { activationOf } from "./fields.js";

/**
 * GPT-2 (Radford et al. 2019; transformers, models/gpt2): learned positions, layer norms, and linear layers stored as
 * [inputs, outputs]. Older files of GPT-2 on the hub name weights without "transformer."; both forms are read.
 */
export const gpt2: Architecture = {
  name: "gpt2",
  causal: "GPT2LMHeadModel",
  classifier: "GPT2ForSequenceClassification",
  read(json) {
    for (const variant of ["scale_attn_by_inverse_layer_idx", "add_cross_attention"]) {
      if (json.boolean(variant, false)) throw json.wrong(variant, "false; this variant is not supported");
    }
    const hiddenSize = json.number("n_embd");
    const heads = json.number("n_head");
    return {
      vocabSize: json.number("vocab_size"),
      hiddenSize,
      intermediateSize: json.number("n_inner", 4 * hiddenSize),
      layers: json.number("n_layer"),
      heads,
      kvHeads: heads,
      headDim: hiddenSize / heads,
      maxPositions: json.number("n_positions"),
      learnedPositions: true,
      norm: "layer",
      rmsNormEps: json.number("layer_norm_epsilon", 1e-5),
      attentionScale: json.boolean("scale_attn_weights", true) ? undefined : 1,
      activation: activationOf(json, "activation_function", "gelu_new"),
      plainMlp: true,
      fusedQkv: true,
      tieWordEmbeddings: json.boolean("tie_word_embeddings", true),
      qkvBias: true,
      outputBias: true,
      mlpBias: true,
    };
  },
  write: (config) => ({
    vocab_size: config.vocabSize,
    n_embd: config.hiddenSize,
    n_inner: config.intermediateSize,
    n_layer: config.layers,
    n_head: config.heads,
    n_positions: config.maxPositions,
    n_ctx: config.maxPositions,
    layer_norm_epsilon: config.rmsNormEps,
    scale_attn_weights: config.attentionScale === undefined,
    activation_function: config.activation === "gelu_tanh" ? "gelu_new" : (config.activation ?? "silu"),
    tie_word_embeddings: config.tieWordEmbeddings,
  }),
  // The length of the learned positions is n_positions; the summary is of classes that are not read.
  withoutEffect: [
    ...["n_ctx", "summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels"],
    ...["summary_first_dropout", "n_special", "predict_special_tokens"],
  ],
  names: {
    modules: {
      "model.embed_tokens": "transformer.wte",
      "model.embed_positions": "transformer.wpe",
      "model.layers.*.input_layernorm": "transformer.h.*.ln_1",
      "model.layers.*.self_attn.qkv_proj": "transformer.h.*.attn.c_attn",
      "model.layers.*.self_attn.o_proj": "transformer.h.*.attn.c_proj",
      "model.layers.*.post_attention_layernorm": "transformer.h.*.ln_2",
      "model.layers.*.mlp.up_proj": "transformer.h.*.mlp.c_fc",
      "model.layers.*.mlp.down_proj": "transformer.h.*.mlp.c_proj",
      "model.norm": "transformer.ln_f",
    },
    layouts: {
      "model.layers.*.self_attn.qkv_proj": "transposed",
      "model.layers.*.self_attn.o_proj": "transposed",
      "model.layers.*.mlp.up_proj": "transposed",
      "model.layers.*.mlp.down_proj": "transposed",
    },
  },
};
