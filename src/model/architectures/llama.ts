import type { Architecture } from "./architecture.js";
import { biasFields, biasJson, llamaFields, llamaJson } from "./fields.js";

/** Llama 1 to 3 (Touvron et al. 2023; transformers, models/llama). */
export const llama: Architecture = {
  name: "llama",
  causal: "LlamaForCausalLM",
  classifier: "LlamaForSequenceClassification",
  read: (json) => ({ ...llamaFields(json), ...biasFields(json) }),
  write: (config) => ({ ...llamaJson(config), ...biasJson(config) }),
};
