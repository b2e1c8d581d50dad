import { PlumbError } from "../../base/errors.js";
import type { Architecture } from "./architecture.js";
import { llamaFields, llamaJson } from "./fields.js";
import { ropeJson, ropeTypeOf, rotaryDimOf, rotaryShare } from "./rope-fields.js";

/** Types of scaling in Phi-3's files that mean longrope. */
const LONGROPE: readonly unknown[] = ["longrope", "su", "yarn"];

/** Phi-3 and Phi-4 (Abdin et al. 2024; transformers, models/phi3): joined q, k, v and joined gate and up. */
export const phi3: Architecture = {
  name: "phi3",
  causal: "Phi3ForCausalLM",
  classifier: "Phi3ForSequenceClassification",
  read(json) {
    const scaling = json.object("rope_parameters") ?? json.object("rope_scaling");
    const type = scaling && ropeTypeOf(scaling);
    if (LONGROPE.includes(type)) {
      throw new PlumbError(
        `${json.path}: rotary scaling of the type ${JSON.stringify(type)} is not supported.`,
        {
          hint: "Use a version of the model for short contexts (4k), which has no longrope.",
        },
      );
    }
    const fields = llamaFields(json);
    return {
      ...fields,
      slidingWindow: json.optionalNumber("sliding_window"),
      rotaryDim: rotaryDimOf(json, "partial_rotary_factor", 1, fields.headDim),
      fusedQkv: true,
      fusedGateUp: true,
    };
  },
  // The original length counts with longrope alone.
  withoutEffect: ["original_max_position_embeddings"],
  oneValue: {
    attention_bias: [false],
    mlp_bias: [false],
    lm_head_bias: [false],
    full_attn_mod: [1],
    interpolate_factor: [1],
  },
  write(config) {
    const share = { partial_rotary_factor: rotaryShare(config) };
    const { rope_parameters: rope, ...others } = ropeJson(config);
    return {
      ...llamaJson(config),
      ...others,
      rope_parameters: { ...rope, ...share },
      ...share,
      original_max_position_embeddings: config.maxPositions,
      sliding_window: config.slidingWindow ?? null,
    };
  },
};
