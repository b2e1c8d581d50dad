import type { Architecture } from "./architecture.js";
import { llamaFields, llamaJson } from "./fields.js";

/** Mistral 7B and its successors (Jiang et al. 2023; transformers, models/mistral): a window in every layer. */
export const mistral: Architecture = {
  name: "mistral",
  causal: "MistralForCausalLM",
  classifier: "MistralForSequenceClassification",
  read: (json) => ({ ...llamaFields(json), slidingWindow: json.optionalNumber("sliding_window") }),
  write: (config) => ({ ...llamaJson(config), sliding_window: config.slidingWindow ?? null }),
};
