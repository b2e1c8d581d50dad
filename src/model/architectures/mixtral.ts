import type { Experts } from "../config.js";
import type { Architecture } from "./architecture.js";
import { auxLossField, auxLossJson, llamaFields, llamaJson, ROUTER_TRAINING } from "./fields.js";
import { ropeFields } from "./rope-fields.js";

const jitterField = (noise: number): Pick<Experts, "jitter"> => (noise === 0 ? {} : { jitter: noise });

/** Mixtral (Jiang et al. 2024; transformers, models/mixtral): as Mistral, with experts in every layer. */
export const mixtral: Architecture = {
  name: "mixtral",
  causal: "MixtralForCausalLM",
  classifier: "MixtralForSequenceClassification",
  read: (json) => ({
    ...llamaFields(json, "hidden_act", ropeFields(json, { theta: 1_000_000 })),
    slidingWindow: json.optionalNumber("sliding_window"),
    experts: {
      ...jitterField(json.number("router_jitter_noise", 0)),
      count: json.number("num_local_experts", 8),
      chosen: json.number("num_experts_per_tok", 2),
      width: json.number("intermediate_size"),
      normalized: true,
      ...auxLossField(json),
    },
  }),
  withoutEffect: ROUTER_TRAINING,
  write: (config) => ({
    ...llamaJson(config),
    ...auxLossJson(config),
    sliding_window: config.slidingWindow ?? null,
    num_local_experts: config.experts?.count,
    num_experts_per_tok: config.experts?.chosen,
    router_jitter_noise: config.experts?.jitter ?? 0,
  }),
  names: { modules: { "model.layers.*.mlp.router": "model.layers.*.block_sparse_moe.gate" } },
  experts: { path: "block_sparse_moe.experts", form: { gate: "w1", up: "w3", down: "w2" } },
};
