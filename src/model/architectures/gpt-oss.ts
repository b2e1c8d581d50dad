import type { Architecture } from "./architecture.js";
import {
  auxLossField,
  auxLossJson,
  layerTypes,
  llamaFields,
  llamaJson,
  ROUTER_TRAINING,
  windowFields,
} from "./fields.js";
import { agreed, ropeFields } from "./rope-fields.js";

/**
 * gpt-oss (OpenAI 2025; transformers, models/gpt_oss): experts with biases and limited gates, sinks of attention, a window in every
 * other layer, and YaRN in all.
 */
export const gptOss: Architecture = {
  name: "gpt_oss",
  causal: "GptOssForCausalLM",
  classifier: "GptOssForSequenceClassification",
  read(json) {
    // transformers scales where a file says nothing, and not where it says null.
    if (!json.has("rope_parameters") && !json.has("rope_scaling"))
      throw json.wrong("rope_parameters", 'an object, or "rope_scaling" as one');
    const fields = llamaFields(json, "hidden_act", ropeFields(json, { theta: 150_000 }));
    if (fields.activation !== undefined) throw json.wrong("hidden_act", '"silu"');
    const biased = json.boolean("attention_bias", true);
    const chosen = agreed(json, [
      ["num_experts_per_tok", json.optionalNumber("num_experts_per_tok")],
      ["experts_per_token", json.optionalNumber("experts_per_token")],
    ]);
    return {
      ...fields,
      headDim: json.number("head_dim", 64),
      qkvBias: biased,
      outputBias: biased,
      attentionSinks: true,
      ...windowFields(
        json,
        json.optionalNumber("sliding_window", 128),
        undefined,
        (layer) => layer % 2 === 0,
      ),
      experts: {
        count: json.number("num_local_experts", 128),
        chosen: chosen ?? 4,
        width: json.number("intermediate_size"),
        normalized: true,
        bias: true,
        clamped: { limit: json.number("swiglu_limit", 7), slope: json.number("swiglu_alpha", 1.702) },
        ...auxLossField(json),
      },
    };
  },
  // The original context is that of the scaling.
  withoutEffect: [...ROUTER_TRAINING, "router_jitter_noise", "initial_context_length"],
  write: (config) => ({
    ...llamaJson(config),
    ...auxLossJson(config),
    attention_bias: config.qkvBias,
    sliding_window: config.slidingWindow ?? null,
    layer_types: layerTypes(config),
    num_local_experts: config.experts?.count,
    num_experts_per_tok: config.experts?.chosen,
    swiglu_limit: config.experts?.clamped?.limit,
    swiglu_alpha: config.experts?.clamped?.slope,
  }),
  experts: { path: "mlp.experts", form: "alternating" },
};
