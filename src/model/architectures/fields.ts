/** Parts of config.json that several architectures share, in the spellings of transformers 4 and 5. */
import { type Experts, MAX_LAYERS, type ModelConfig } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Described } from "./architecture.js";
import { ropeFields, ropeJson } from "./rope-fields.js";

/** Keys of how routers are trained that change nothing: the first counts only where `output_router_logits` is true. */
export const ROUTER_TRAINING = ["router_aux_loss_coef"];

/** The weight of the loss that balances a router's choices, where transformers adds it. */
export function auxLossField(json: JsonFields): Pick<Experts, "auxLoss"> {
  const weight = json.number("router_aux_loss_coef", 0.001);
  return json.boolean("output_router_logits", false) ? { auxLoss: weight } : {};
}

/** Its keys, for config.json. */
export const auxLossJson = ({ experts }: ModelConfig): object =>
  experts?.auxLoss === undefined ? {} : { output_router_logits: true, router_aux_loss_coef: experts.auxLoss };

/** Names in transformers' activations.py; the two tanh forms are the same function. */
const ACTIVATIONS = new Map<unknown, ModelConfig["activation"]>([
  ["silu", undefined],
  ["swish", undefined],
  ["gelu", "gelu"],
  ["gelu_new", "gelu_tanh"],
  ["gelu_pytorch_tanh", "gelu_tanh"],
]);

/** The activation of the MLP; undefined: SiLU. @throws PlumbError for others than SiLU and GELU. */
export function activationOf(json: JsonFields, key: string, fallback: string): ModelConfig["activation"] {
  const name = json.get(key) ?? fallback;
  if (ACTIVATIONS.has(name)) return ACTIVATIONS.get(name);
  throw json.wrong(key, `a supported activation: ${[...ACTIVATIONS.keys()].join(", ")}`);
}

export const activationName = ({ activation }: ModelConfig): string =>
  activation === "gelu_tanh" ? "gelu_pytorch_tanh" : (activation ?? "silu");

type Rope = Pick<Described, "ropeTheta" | "ropeScaling">;

/** Fields that config.json of Llama and its relatives have in common. */
export function llamaFields(
  json: JsonFields,
  activationKey = "hidden_act",
  rope: Rope = ropeFields(json),
): Described {
  const hiddenSize = json.number("hidden_size");
  const heads = json.number("num_attention_heads");
  return {
    vocabSize: json.number("vocab_size"),
    hiddenSize,
    intermediateSize: json.number("intermediate_size"),
    layers: json.number("num_hidden_layers"),
    heads,
    kvHeads: json.number("num_key_value_heads", heads),
    headDim: json.number("head_dim", hiddenSize / heads),
    maxPositions: json.number("max_position_embeddings"),
    rmsNormEps: json.number("rms_norm_eps"),
    ...rope,
    activation: activationOf(json, activationKey, "silu"),
    tieWordEmbeddings: json.boolean("tie_word_embeddings", false),
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
  };
}

/** Llama's switches of biases, with the weights that they mean. */
export function biasFields(json: JsonFields): Pick<Described, "qkvBias" | "outputBias" | "mlpBias"> {
  const biased = json.boolean("attention_bias", false);
  return { qkvBias: biased, outputBias: biased, mlpBias: json.boolean("mlp_bias", false) };
}

/** The inverse of `biasFields`. */
export const biasJson = (config: ModelConfig): object => ({
  attention_bias: config.qkvBias,
  mlp_bias: config.mlpBias,
});

export const llamaJson = (config: ModelConfig): object => ({
  vocab_size: config.vocabSize,
  hidden_size: config.hiddenSize,
  intermediate_size: config.intermediateSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  num_key_value_heads: config.kvHeads,
  head_dim: config.headDim,
  hidden_act: activationName(config),
  max_position_embeddings: config.maxPositions,
  rms_norm_eps: config.rmsNormEps,
  ...ropeJson(config),
  tie_word_embeddings: config.tieWordEmbeddings,
});

type Windows = Pick<Described, "slidingWindow" | "windowedLayers">;

/**
 * A sliding window and the layers that have it.
 * @param slides whether a layer has the window, where config.json lists no layer_types; undefined: nothing says.
 * @throws PlumbError if layer_types are malformed, or say otherwise than `slides`.
 */
export function windowFields(
  json: JsonFields,
  window: number | undefined,
  slides: ((layer: number) => boolean) | undefined,
  fallback: (layer: number) => boolean,
): Windows {
  const layers = json.number("num_hidden_layers");
  const types = json.get("layer_types");
  if (layers > MAX_LAYERS) return {};
  const windowedLayers = Array.from({ length: layers }, (_, layer) => {
    if (types === undefined) return window !== undefined && (slides ?? fallback)(layer);
    const type: unknown = Array.isArray(types) && types.length === layers ? types[layer] : undefined;
    if (type !== "sliding_attention" && type !== "full_attention")
      throw json.wrong("layer_types", `${layers} times "sliding_attention" or "full_attention"`);
    const windowed = type === "sliding_attention";
    if (windowed && window === undefined)
      throw json.wrong("layer_types", '"full_attention" alone, as no window applies');
    if (window !== undefined && slides !== undefined && slides(layer) !== windowed)
      throw json.wrong("layer_types", `what the other keys say of layer ${layer}'s window`);
    return windowed;
  });
  if (!windowedLayers.includes(true)) return {};
  return { slidingWindow: window, ...(windowedLayers.includes(false) && { windowedLayers }) };
}

export function layerTypes({ layers, slidingWindow, windowedLayers }: ModelConfig): string[] {
  return Array.from({ length: layers }, (_, layer) =>
    slidingWindow !== undefined && (windowedLayers?.[layer] ?? true) ? "sliding_attention" : "full_attention",
  );
}
