import type { ModelConfig } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Architecture, Described } from "./architecture.js";
import { llamaFields, llamaJson } from "./fields.js";
import {
  agreed,
  longMagnitude,
  ropeFields,
  ropeJson,
  ropeTypeOf,
  rotaryDimOf,
  rotaryShare,
} from "./rope-fields.js";

/** Types of scaling in Phi-3's files that mean longrope. */
const LONGROPE: readonly unknown[] = ["longrope", "su", "yarn"];

type Rope = Pick<Described, "ropeTheta" | "ropeScaling">;

/**
 * LongRoPE, as transformers reads it. Which factors are used there depends on the longest text of a call: the short
 * ones up to the original context, the long ones for all positions beyond it. Here texts are no longer than that, so
 * that a text has one meaning; undefined: the model has no longrope.
 */
function longRope(json: JsonFields): Rope | undefined {
  const objects = (["rope_parameters", "rope_scaling"] as const).flatMap((key) => {
    const rope = json.object(key);
    return rope !== undefined && LONGROPE.includes(ropeTypeOf(rope)) ? [[key, rope] as const] : [];
  });
  if (objects.length === 0) return undefined;
  const extendedMaxPositions = json.number("max_position_embeddings");
  const originalMaxPositions = agreed(json, [
    ["original_max_position_embeddings", json.number("original_max_position_embeddings", 4096)],
    ...objects.map(([key, rope]) => [key, rope.optionalNumber("original_max_position_embeddings")] as const),
  ]) as number;
  const factors = (rope: JsonFields, key: string): number[] => {
    const values = rope.numbers(key);
    if (values.every((value) => value > 0)) return values;
    throw rope.wrong(key, "a list of positive numbers");
  };
  const scaling = agreed(
    json,
    objects.map(([key, rope]) => {
      const factor = rope.number("factor", extendedMaxPositions / originalMaxPositions);
      return [
        key,
        {
          kind: "longrope" as const,
          shortFactors: factors(rope, "short_factor"),
          longFactors: factors(rope, "long_factor"),
          ...{ originalMaxPositions, extendedMaxPositions },
          attentionFactor: rope.number("attention_factor", longMagnitude(factor, originalMaxPositions)),
        },
      ] as const;
    }),
  );
  const theta = agreed(json, [
    ["rope_theta", json.optionalNumber("rope_theta")],
    ...objects.map(([key, rope]) => [`${key}.rope_theta`, rope.optionalNumber("rope_theta")] as const),
  ]);
  return { ropeTheta: theta ?? 10_000, ropeScaling: scaling };
}

/**
 * Phi-3, Phi-4 and Phi-4-mini (Abdin et al. 2024; transformers, models/phi3): joined q, k, v and joined gate and up.
 */
export const phi3: Architecture = {
  name: "phi3",
  causal: "Phi3ForCausalLM",
  classifier: "Phi3ForSequenceClassification",
  read(json) {
    const long = longRope(json);
    const fields = llamaFields(json, "hidden_act", long ?? ropeFields(json));
    const { ropeScaling } = fields;
    if (ropeScaling !== undefined && ropeScaling.kind !== "longrope")
      throw json.wrong("rope_scaling", "longrope, the only scaling of Phi-3");
    const rotaryDim = rotaryDimOf(json, "partial_rotary_factor", 1, fields.headDim);
    const rotated = (rotaryDim ?? fields.headDim) / 2;
    for (const key of ["shortFactors", "longFactors"] as const)
      if (ropeScaling && ropeScaling[key].length !== rotated)
        throw json.wrong("rope_scaling", `${rotated} short and long factors, one for each frequency`);
    return {
      ...fields,
      ...(ropeScaling && { maxPositions: Math.min(fields.maxPositions, ropeScaling.originalMaxPositions) }),
      slidingWindow: json.optionalNumber("sliding_window"),
      rotaryDim,
      fusedQkv: true,
      fusedGateUp: true,
    };
  },
  // The original length counts with longrope alone.
  withoutEffect: ["original_max_position_embeddings"],
  oneValue: {
    ...{ lm_head_bias: [false], full_attn_mod: [1], interpolate_factor: [1] },
  },
  write(config) {
    const share = { partial_rotary_factor: rotaryShare(config) };
    const { rope_parameters: rope, ...others } = ropeJson(config);
    return {
      ...llamaJson(config),
      ...others,
      rope_parameters: { ...rope, ...share },
      ...share,
      ...longJson(config),
      sliding_window: config.slidingWindow ?? null,
    };
  },
};

/** The lengths, and longrope in the three keys that are all that transformers 4 takes, where they say everything. */
function longJson({ ropeScaling, maxPositions }: ModelConfig): object {
  if (ropeScaling?.kind !== "longrope") return { original_max_position_embeddings: maxPositions };
  const { originalMaxPositions, extendedMaxPositions, shortFactors, longFactors, attentionFactor } =
    ropeScaling;
  const inferred = longMagnitude(extendedMaxPositions / originalMaxPositions, originalMaxPositions);
  return {
    max_position_embeddings: extendedMaxPositions,
    original_max_position_embeddings: originalMaxPositions,
    rope_scaling: {
      ...{ type: "longrope", short_factor: shortFactors, long_factor: longFactors },
      ...(attentionFactor !== inferred && { attention_factor: attentionFactor }),
    },
  };
}
