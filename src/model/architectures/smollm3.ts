import { MAX_LAYERS } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Architecture } from "./architecture.js";
import { biasFields, biasJson, layerTypes, llamaFields, llamaJson, windowFields } from "./fields.js";
import { ropeFields } from "./rope-fields.js";

/** SmolLM3 (Hugging Face 2025; transformers, models/smollm3): a Llama of which every fourth layer does not rotate. */
export const smollm3: Architecture = {
  name: "smollm3",
  causal: "SmolLM3ForCausalLM",
  classifier: "SmolLM3ForSequenceClassification",
  read(json) {
    const unrotatedLayers = unrotated(json);
    const window = json.optionalNumber("sliding_window");
    const on = json.boolean("use_sliding_window", false);
    return {
      ...llamaFields(json, "hidden_act", ropeFields(json, { theta: 2_000_000 })),
      ...biasFields(json),
      tieWordEmbeddings: json.boolean("tie_word_embeddings", true),
      ...(unrotatedLayers.includes(true) && { unrotatedLayers }),
      ...windowFields(json, on ? window : undefined, undefined, (layer) => unrotatedLayers[layer]),
    };
  },
  withoutEffect: ["max_window_layers"],
  write(config) {
    const { layers, unrotatedLayers } = config;
    return {
      ...llamaJson(config),
      ...biasJson(config),
      no_rope_layers: Array.from({ length: layers }, (_, layer) => (unrotatedLayers?.[layer] ? 0 : 1)),
      use_sliding_window: config.slidingWindow !== undefined,
      sliding_window: config.slidingWindow ?? null,
      layer_types: layerTypes(config),
    };
  },
};

/** Which layers do not rotate: no_rope_layers has 1 for those that do, or every no_rope_layer_interval-th does not. */
function unrotated(json: JsonFields): boolean[] {
  const layers = Math.min(json.number("num_hidden_layers"), MAX_LAYERS);
  const interval = json.optionalNumber("no_rope_layer_interval");
  const every = Array.from({ length: layers }, (_, layer) => (layer + 1) % (interval ?? 4) === 0);
  if (json.get("no_rope_layers") === undefined) return every;
  const list = json.numbers("no_rope_layers");
  if (list.length < layers || list.some((rotates) => rotates !== 0 && rotates !== 1))
    throw json.wrong("no_rope_layers", `${layers} times 0 or 1`);
  const stated = list.slice(0, layers).map((rotates) => rotates === 0);
  if (interval !== undefined && stated.some((still, layer) => still !== every[layer]))
    throw json.wrong("no_rope_layers", `what "no_rope_layer_interval" says, which is ${interval}`);
  return stated;
}
