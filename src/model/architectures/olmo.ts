import type { ModelConfig } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Architecture, Described } from "./architecture.js";
import { layerTypes, llamaFields, llamaJson, windowFields } from "./fields.js";
import { layerRopes, layerRopesJson, ropeFields } from "./rope-fields.js";

/** Fields that OLMo 2 and 3 share. */
function olmoFields(json: JsonFields, rope: Pick<Described, "ropeTheta" | "ropeScaling">): Described {
  const biased = json.boolean("attention_bias", false);
  return {
    ...llamaFields(json, "hidden_act", rope),
    blockNorms: "post",
    queryKeyNorm: "width",
    qkvBias: biased,
    outputBias: biased,
  };
}

const olmoJson = (config: ModelConfig): object => ({ ...llamaJson(config), attention_bias: config.qkvBias });

/**
 * OLMo 2 (OLMo Team 2024; transformers, models/olmo2): norms after attention and MLP; q and k are normed over all
 * heads.
 */
export const olmo2: Architecture = {
  name: "olmo2",
  causal: "Olmo2ForCausalLM",
  classifier: "Olmo2ForSequenceClassification",
  read: (json) => olmoFields(json, ropeFields(json)),
  write: olmoJson,
};

/** The base of all layers of every published Olmo 3, and of those with a window where a file does not state theirs. */
const OLMO3_THETA = 500_000;

/**
 * Olmo 3 (Olmo Team 2025; transformers, models/olmo3): as OLMo 2, with a window in three layers of four, which keep
 * their frequencies where those of the fourth are scaled.
 */
export const olmo3: Architecture = {
  name: "olmo3",
  causal: "Olmo3ForCausalLM",
  classifier: "Olmo3ForSequenceClassification",
  read(json) {
    const rope = layerRopes(json, OLMO3_THETA, OLMO3_THETA);
    if (json.object("rope_parameters") === undefined && rope.ropeTheta !== OLMO3_THETA)
      throw json.wrong(
        "rope_theta",
        `${OLMO3_THETA}, or "rope_parameters" with the base of layers with a window`,
      );
    const window = json.optionalNumber("sliding_window", 4096);
    return {
      ...olmoFields(json, rope),
      localRopeTheta: rope.localRopeTheta,
      ...windowFields(json, window, undefined, (layer) => (layer + 1) % 4 !== 0),
    };
  },
  write: (config) => ({
    ...olmoJson(config),
    ...layerRopesJson(config),
    sliding_window: config.slidingWindow ?? null,
    layer_types: layerTypes(config),
  }),
};
