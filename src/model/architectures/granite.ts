import type { Architecture } from "./architecture.js";
import { biasFields, biasJson, llamaFields, llamaJson } from "./fields.js";

/**
 * Granite 3, dense (IBM 2024; transformers, models/granite): a Llama with factors of embeddings, attention, what
 * blocks add, and logits. transformers has no classifier of it: reward models with this class are read here alone.
 */
export const granite: Architecture = {
  name: "granite",
  causal: "GraniteForCausalLM",
  classifier: "GraniteForSequenceClassification",
  read: (json) => ({
    ...llamaFields(json),
    ...biasFields(json),
    embeddingScale: json.number("embedding_multiplier", 1),
    attentionScale: json.number("attention_multiplier", 1),
    residualScale: json.number("residual_multiplier", 1),
    logitDivisor: json.number("logits_scaling", 1),
  }),
  write: (config) => ({
    ...llamaJson(config),
    ...biasJson(config),
    embedding_multiplier: config.embeddingScale,
    attention_multiplier: config.attentionScale,
    residual_multiplier: config.residualScale,
    logits_scaling: config.logitDivisor,
  }),
};
