/** Rotary embeddings in config.json, as transformers 4 writes them, and transformers 5 (modeling_rope_utils.py). */
import { PlumbError } from "../../base/errors.js";
import type { ModelConfig, RopeScaling } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Described } from "./architecture.js";

/**
 * The one value that several keys state; undefined if none does.
 * @throws PlumbError, which names two keys that differ.
 */
export function agreed<T>(
  { path }: JsonFields,
  stated: readonly (readonly [key: string, value: T | undefined])[],
): T | undefined {
  const given = stated.filter(([, value]) => value !== undefined);
  const text = (value: T | undefined) => JSON.stringify(value).slice(0, 60);
  const [key, value] = given[0] ?? [];
  for (const [other, found] of given) {
    if (JSON.stringify(found) === JSON.stringify(value)) continue;
    throw new PlumbError(`${path}: "${key}" is ${text(value)}, but "${other}" is ${text(found)}.`, {
      hint: "They mean the same; remove the one that is wrong.",
    });
  }
  return value;
}

/** "default" in a `RopeScaling`'s place: an object that says that nothing is scaled. */
type Stated = RopeScaling | "default";

/**
 * rope_theta and rope_scaling of transformers 4, or rope_parameters of transformers 5; files may have both.
 * @param full the object of transformers 5 for the layers without a window, where it is not rope_parameters itself.
 * @param base the key of the base outside of these objects.
 */
export function ropeFields(
  json: JsonFields,
  keys: RopeKeys = {},
): Pick<Described, "ropeTheta" | "ropeScaling"> {
  const { base = "rope_theta", theta = 10_000 } = keys;
  const full = "full" in keys ? keys.full : json.object("rope_parameters");
  const old = json.object("rope_scaling");
  const scaling = agreed<Stated>(json, [
    ["rope_parameters", full && ropeScalingOf(full, json)],
    ["rope_scaling", old && ropeScalingOf(old, json)],
  ]);
  const ropeTheta = agreed(json, [
    ["rope_parameters.rope_theta", full?.optionalNumber("rope_theta")],
    ["rope_scaling.rope_theta", old?.optionalNumber("rope_theta")],
    [base, json.optionalNumber(base)],
    ["rope_theta", json.optionalNumber("rope_theta")],
  ]);
  return {
    ropeTheta: ropeTheta ?? theta,
    ropeScaling: scaling === "default" ? undefined : scaling,
  };
}

interface RopeKeys {
  full?: JsonFields | undefined;
  base?: string;
  theta?: number;
}

type Ropes = Pick<Described, "ropeTheta" | "ropeScaling" | "localRopeTheta">;

/**
 * Bases of layers with a window and of those without, which alone may have scaled frequencies (Gemma 3, Olmo 3).
 * @param localKey the base of layers with a window, beside rope_parameters.
 */
export function layerRopes(json: JsonFields, theta: number, localTheta: number, localKey?: string): Ropes {
  const rope = json.object("rope_parameters");
  const [full, local] = [rope?.object("full_attention"), rope?.object("sliding_attention")];
  if (local !== undefined && ropeScalingOf(local, json) !== "default")
    throw json.wrong("rope_parameters", 'of the type "default" in layers with a window');
  const localRopeTheta = agreed(json, [
    ["rope_parameters.sliding_attention.rope_theta", local?.optionalNumber("rope_theta")],
    ...(localKey === undefined ? [] : [[localKey, json.optionalNumber(localKey)] as const]),
  ]);
  const fields = ropeFields(json, { full, theta });
  // transformers 5 looks for "truncate" beside the two objects, where its own files never have it.
  if (fields.ropeScaling?.kind === "yarn" && !fields.ropeScaling.truncate)
    throw json.wrong("rope_parameters", 'without "truncate": false, which is not supported here');
  return { ...fields, localRopeTheta: localRopeTheta ?? localTheta };
}

/** The inverse of `layerRopes`. */
export const layerRopesJson = (config: ModelConfig): object => ({
  rope_parameters: {
    full_attention: {
      rope_theta: config.ropeTheta,
      ...(ropeScalingJson(config) ?? { rope_type: "default" }),
    },
    sliding_attention: { rope_theta: config.localRopeTheta, rope_type: "default" },
  },
});

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

/** The type of scaling, which was formerly called "type"; undefined if the object names none. */
export const ropeTypeOf = (rope: JsonFields): unknown =>
  agreed(rope, [
    ["rope_type", rope.get("rope_type")],
    ["type", rope.get("type")],
  ]);

/** Reads the scaling. @throws PlumbError, which names the type, if it is not supported. */
function ropeScalingOf(rope: JsonFields, model: JsonFields): Stated {
  const type = ropeTypeOf(rope) ?? "default";
  const maxPositions = model.number("max_position_embeddings");
  const originalMaxPositions = (): number => rope.number("original_max_position_embeddings", maxPositions);
  if (type === "default") return "default";
  if (type === "linear") return { kind: "linear", factor: rope.number("factor") };
  if (type === "llama3") {
    return {
      kind: "llama3",
      factor: rope.number("factor"),
      lowFreqFactor: rope.number("low_freq_factor"),
      highFreqFactor: rope.number("high_freq_factor"),
      originalMaxPositions: originalMaxPositions(),
    };
  }
  if (type === "yarn") return yarnOf(rope, originalMaxPositions(), maxPositions);
  throw new PlumbError(`${rope.path}: rotary scaling of the type ${JSON.stringify(type)} is not supported.`, {
    hint: 'Supported are "default", "linear", "llama3" and "yarn", and "longrope" in Phi-3.',
  });
}

/** YaRN's factor of attention grows with the logarithm of a stretched context. */
export const yarnMagnitude = (factor: number, weight = 1): number =>
  factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;

/** YaRN, with the values that transformers takes for what is left out. */
function yarnOf(rope: JsonFields, originalMaxPositions: number, maxPositions: number): RopeScaling {
  const factor = rope.number("factor", maxPositions / originalMaxPositions);
  const [weight, divisor] = [rope.optionalNumber("mscale"), rope.optionalNumber("mscale_all_dim")];
  const inferred =
    weight && divisor
      ? yarnMagnitude(factor, weight) / yarnMagnitude(factor, divisor)
      : yarnMagnitude(factor);
  return {
    ...{ kind: "yarn", factor, originalMaxPositions },
    betaFast: rope.optionalNumber("beta_fast") || 32,
    betaSlow: rope.optionalNumber("beta_slow") || 1,
    truncate: rope.boolean("truncate", true),
    attentionFactor: rope.number("attention_factor", inferred),
  };
}

/** LongRoPE's factor of attention where a model states none. */
export const longMagnitude = (factor: number, originalMaxPositions: number): number =>
  factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPositions));

export function ropeScalingJson({ ropeScaling }: ModelConfig): object | null {
  if (ropeScaling === undefined) return null;
  if (ropeScaling.kind === "linear") return { rope_type: "linear", factor: ropeScaling.factor };
  if (ropeScaling.kind === "longrope") {
    return {
      rope_type: "longrope",
      short_factor: ropeScaling.shortFactors,
      long_factor: ropeScaling.longFactors,
      attention_factor: ropeScaling.attentionFactor,
      original_max_position_embeddings: ropeScaling.originalMaxPositions,
    };
  }
  if (ropeScaling.kind === "yarn") {
    return {
      rope_type: "yarn",
      factor: ropeScaling.factor,
      original_max_position_embeddings: ropeScaling.originalMaxPositions,
      beta_fast: ropeScaling.betaFast,
      beta_slow: ropeScaling.betaSlow,
      ...(!ropeScaling.truncate && { truncate: false }),
      attention_factor: ropeScaling.attentionFactor,
    };
  }
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
  fallback: number,
  headDim: number,
): number | undefined {
  const share = agreed(json, [
    ["rope_parameters.partial_rotary_factor", shareIn(json.object("rope_parameters"))],
    ["rope_scaling.partial_rotary_factor", shareIn(json.object("rope_scaling"))],
    [key, json.optionalNumber(key)],
  ]);
  const dim = Math.trunc(headDim * (share ?? fallback));
  return dim === headDim ? undefined : dim;
}
const shareIn = (rope: JsonFields | undefined): number | undefined =>
  rope?.optionalNumber("partial_rotary_factor");

/** The inverse of `rotaryDimOf`. */
export const rotaryShare = ({ rotaryDim, headDim }: ModelConfig): number => (rotaryDim ?? headDim) / headDim;
