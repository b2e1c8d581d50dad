import type { Architecture } from "./architecture.js";
import { llamaFields, llamaJson } from "./fields.js";

/** Llama 1 to 3 (Touvron et al. 2023; transformers, models/llama). */
export const llama: Architecture = {
  name: "llama",
  causal: "LlamaForCausalLM",
  classifier: "LlamaForSequenceClassification",
  read(json) {
    const biased = json.boolean("attention_bias", false);
    return {
      ...llamaFields(json),
      qkvBias: biased,
      outputBias: biased,
      mlpBias: json.boolean("mlp_bias", false),
    };
  },
  write: (config) => ({ ...llamaJson(config), attention_bias: config.qkvBias, mlp_bias: config.mlpBias }),
};
