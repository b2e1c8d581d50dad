/** Parts of config.json that several architectures share, in the spellings of transformers 4 and 5. */
import { PlumbError } from "../../base/errors.js";
import { MAX_LAYERS, type ModelConfig, type RopeScaling } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Described } from "./architecture.js";

/** Names in transformers' activations.py; the two tanh forms are the same function. */
const ACTIVATIONS = new Map<unknown, ModelConfig["activation"]>([
  ["silu", undefined],
  ["swish", undefined],
  ["gelu", "gelu"],
  ["gelu_new", "gelu_tanh"],
  ["gelu_pytorch_tanh", "gelu_tanh"],
]);

export function activationOf(json: JsonFields, key: string, fallback: string): ModelConfig["activation"] {
  const name = json.get(key) ?? fallback;
  if (ACTIVATIONS.has(name)) return ACTIVATIONS.get(name);
  throw json.wrong(key, `a supported activation: ${[...ACTIVATIONS.keys()].join(", ")}`);
}

export const activationName = ({ activation }: ModelConfig): string =>
  activation === "gelu_tanh" ? "gelu_pytorch_tanh" : (activation ?? "silu");

/** Fields that config.json of Llama and its relatives have in common. */
export function llamaFields(json: JsonFields): Described {
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
    ...ropeFields(json),
    activation: activationOf(json, "hidden_act", "silu"),
    tieWordEmbeddings: json.boolean("tie_word_embeddings", false),
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
  };
}

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

/** rope_theta and rope_scaling of transformers 4, or rope_parameters of transformers 5. */
export function ropeFields(json: JsonFields): Pick<Described, "ropeTheta" | "ropeScaling"> {
  const rope = json.object("rope_parameters");
  return {
    ropeTheta: (rope ?? json).number("rope_theta", json.number("rope_theta", 10_000)),
    ropeScaling: ropeScalingOf(rope ?? json.object("rope_scaling")),
  };
}

export function ropeJson(config: ModelConfig): {
  rope_theta?: number;
  rope_scaling: object | null;
  rope_parameters: object;
} {
  const scaling = ropeScalingJson(config);
  return {
    rope_theta: config.ropeTheta,
    rope_scaling: scaling,
    rope_parameters: { rope_theta: config.ropeTheta, ...(scaling ?? { rope_type: "default" }) },
  };
}

/**
 * Reads the scaling; its type was formerly called "type". @throws PlumbError, which names the type, if it is not
 * supported.
 */
export function ropeScalingOf(rope: JsonFields | undefined): RopeScaling | undefined {
  if (rope === undefined) return undefined;
  const type = rope.get("rope_type") ?? rope.get("type") ?? "default";
  if (type === "default") return undefined;
  if (type === "linear") return { kind: "linear", factor: rope.number("factor") };
  if (type !== "llama3") {
    throw new PlumbError(
      `${rope.path}: rotary scaling of the type ${JSON.stringify(type)} is not supported.`,
      { hint: 'Supported are "default", "linear" and "llama3".' },
    );
  }
  return {
    kind: "llama3",
    factor: rope.number("factor"),
    lowFreqFactor: rope.number("low_freq_factor"),
    highFreqFactor: rope.number("high_freq_factor"),
    originalMaxPositions: rope.number("original_max_position_embeddings"),
  };
}

export function ropeScalingJson({ ropeScaling }: ModelConfig): object | null {
  if (ropeScaling === undefined) return null;
  if (ropeScaling.kind === "linear") return { rope_type: "linear", factor: ropeScaling.factor };
  return {
    rope_type: "llama3",
    factor: ropeScaling.factor,
    low_freq_factor: ropeScaling.lowFreqFactor,
    high_freq_factor: ropeScaling.highFreqFactor,
    original_max_position_embeddings: ropeScaling.originalMaxPositions,
  };
}

/** How many elements of a head are rotated, from the share in config.json; undefined: all. */
export function rotaryDimOf(
  json: JsonFields,
  key: string,
  share: number,
  headDim: number,
): number | undefined {
  const stated = json.object("rope_parameters")?.optionalNumber("partial_rotary_factor");
  const dim = Math.trunc(headDim * (stated ?? json.number(key, share)));
  return dim === headDim ? undefined : dim;
}

/** The inverse of `rotaryDimOf`. */
export const rotaryShare = ({ rotaryDim, headDim }: ModelConfig): number => (rotaryDim ?? headDim) / headDim;

type Windows = Pick<Described, "slidingWindow" | "windowedLayers">;

/**
 * A sliding window and the layers that have it.
 * @param slides whether a layer has the window, where config.json lists no layer_types.
 */
export function windowFields(
  json: JsonFields,
  window: number | undefined,
  slides: (layer: number) => boolean,
): Windows {
  const layers = json.number("num_hidden_layers");
  if (window === undefined || layers > MAX_LAYERS) return {};
  const types = json.get("layer_types");
  const windowedLayers = Array.from({ length: layers }, (_, layer) => {
    if (types === undefined) return slides(layer);
    const type: unknown = Array.isArray(types) && types.length === layers ? types[layer] : undefined;
    if (type === "sliding_attention" || type === "full_attention") return type === "sliding_attention";
    throw json.wrong("layer_types", `${layers} times "sliding_attention" or "full_attention"`);
  });
  if (!windowedLayers.includes(true)) return {};
  return { slidingWindow: window, ...(windowedLayers.includes(false) && { windowedLayers }) };
}

export function layerTypes({ layers, slidingWindow, windowedLayers }: ModelConfig): string[] {
  return Array.from({ length: layers }, (_, layer) =>
    slidingWindow !== undefined && (windowedLayers?.[layer] ?? true) ? "sliding_attention" : "full_attention",
  );
}
