import type { ModelConfig } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Architecture, Described } from "./architecture.js";
import { layerTypes, llamaFields, llamaJson, windowFields } from "./fields.js";

/** Qwen's window applies only if a switch is on, and then from a certain layer upwards. */
function qwenWindows(json: JsonFields): Partial<Described> {
  const on = json.boolean("use_sliding_window", false);
  const [first, window] = [
    json.optionalNumber("max_window_layers"),
    json.optionalNumber("sliding_window", 4096),
  ];
  const from = (first: number) => (layer: number) => layer >= first;
  return windowFields(json, on ? window : undefined, first === undefined ? undefined : from(first), from(28));
}

const windowsJson = (config: ModelConfig): object => {
  const types = layerTypes(config);
  const first = types.indexOf("sliding_attention");
  return {
    use_sliding_window: first >= 0,
    sliding_window: config.slidingWindow ?? null,
    max_window_layers: first < 0 ? config.layers : first,
    layer_types: types,
  };
};

/** Qwen2 and Qwen2.5 (Yang et al. 2024; transformers, models/qwen2): biases on q, k and v. */
export const qwen2: Architecture = {
  name: "qwen2",
  causal: "Qwen2ForCausalLM",
  classifier: "Qwen2ForSequenceClassification",
  read: (json) => ({ ...llamaFields(json), ...qwenWindows(json), qkvBias: true }),
  write: (config) => ({ ...llamaJson(config), ...windowsJson(config) }),
  oneValue: { attention_bias: [true] },
};

/** Qwen3 (Yang et al. 2025; transformers, models/qwen3): each head of q and k is normed. */
export const qwen3: Architecture = {
  name: "qwen3",
  causal: "Qwen3ForCausalLM",
  classifier: "Qwen3ForSequenceClassification",
  read(json) {
    const biased = json.boolean("attention_bias", false);
    return {
      ...llamaFields(json),
      ...qwenWindows(json),
      headDim: json.number("head_dim", 128),
      queryKeyNorm: "head",
      qkvBias: biased,
      outputBias: biased,
    };
  },
  write: (config) => ({ ...llamaJson(config), ...windowsJson(config), attention_bias: config.qkvBias }),
};
