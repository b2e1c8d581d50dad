import type { Architecture } from "./architecture.js";
import { llamaFields, llamaJson } from "./fields.js";

/**
 * OLMo 2 (OLMo Team 2024; transformers, models/olmo2): norms after attention and MLP; q and k are normed over all
 * heads.
 */
export const olmo2: Architecture = {
  name: "olmo2",
  causal: "Olmo2ForCausalLM",
  classifier: "Olmo2ForSequenceClassification",
  read(json) {
    const biased = json.boolean("attention_bias", false);
    return {
      ...llamaFields(json),
      blockNorms: "post",
      queryKeyNorm: "width",
      qkvBias: biased,
      outputBias: biased,
    };
  },
  write: (config) => ({ ...llamaJson(config), attention_bias: config.qkvBias }),
};
