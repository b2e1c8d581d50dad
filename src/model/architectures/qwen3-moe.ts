import type { Architecture } from "./architecture.js";
import { auxLossField, auxLossJson, llamaFields, llamaJson, ROUTER_TRAINING } from "./fields.js";
import { agreed } from "./rope-fields.js";

/**
 * Qwen3 mixtures of experts (Yang et al. 2025; transformers, models/qwen3_moe): as Qwen3, with experts in every layer.
 * A window is one of all layers, whatever max_window_layers says.
 */
export const qwen3Moe: Architecture = {
  name: "qwen3_moe",
  causal: "Qwen3MoeForCausalLM",
  classifier: "Qwen3MoeForSequenceClassification",
  read(json) {
    const biased = json.boolean("attention_bias", false);
    const on = json.boolean("use_sliding_window", false);
    const window = json.optionalNumber("sliding_window", 4096);
    const count = agreed(json, [
      ["num_experts", json.optionalNumber("num_experts")],
      ["num_local_experts", json.optionalNumber("num_local_experts")],
    ]);
    return {
      ...llamaFields(json),
      ...(on && window !== undefined && { slidingWindow: window }),
      queryKeyNorm: "head",
      qkvBias: biased,
      outputBias: biased,
      experts: {
        count: count ?? 128,
        chosen: json.number("num_experts_per_tok", 8),
        width: json.number("moe_intermediate_size", 768),
        normalized: json.boolean("norm_topk_prob", false),
        ...auxLossField(json),
      },
    };
  },
  withoutEffect: [...ROUTER_TRAINING, "router_jitter_noise", "max_window_layers"],
  // Layers with a plain MLP among those with experts.
  oneValue: { decoder_sparse_step: [1], mlp_only_layers: [[]] },
  write: (config) => ({
    ...llamaJson(config),
    ...auxLossJson(config),
    attention_bias: config.qkvBias,
    use_sliding_window: config.slidingWindow !== undefined,
    sliding_window: config.slidingWindow ?? null,
    num_experts: config.experts?.count,
    num_experts_per_tok: config.experts?.chosen,
    moe_intermediate_size: config.experts?.width,
    norm_topk_prob: config.experts?.normalized,
    decoder_sparse_step: 1,
    mlp_only_layers: [],
  }),
  names: { modules: { "model.layers.*.mlp.router": "model.layers.*.mlp.gate" } },
  experts: { path: "mlp.experts", form: { gate: "gate_proj", up: "up_proj", down: "down_proj" } },
};
