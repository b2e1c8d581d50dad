/**
 * How a base in 8 bits is stored in a folder: the `quantization_config` of its config.json, and the tensors in its
 * safetensors. These have the names that Hugging Face uses for Llama, whatever the architecture, and those of
 * `expertWeights`:
 *
 *   <layer>.weight                   I8 [out, in], row i is values * weight_scale[i]; also of all experts' downs
 *   <layer>.weight_scale             F32 [out]
 *   <layer>.divided_input, _output   F32, the smoothing factors that are folded into the weights
 *   lm_head.weight, weight_scale     the head times the rotation of its input (rotation.ts), even if it is tied
 *
 * Norms, biases, routers, sinks, learned positions and scalar heads are F32. What gradients need is computed from these when required.
 */

import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { sha256 } from "../../base/sha256.js";
import { dividedInput, dividedOutput } from "../../nn/index.js";
import type { ModelConfig } from "../config.js";
import { headName } from "../decoder.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { SafetensorsWeights } from "../formats/safetensors.js";
import { expectedWeights, outputsAndInputs } from "../weight-names.js";
import { isLinearWeight } from "./base.js";
import type { QuantizedBase } from "./quantized-base.js";
import { smoothingGroups } from "./smoothing.js";

const QUANT_METHOD = "plumbline-int8";
const STORED_VERSION = 3;
/** The version before, in which norms that multiply by 1 + weight were divided as if they multiplied by the weight. */
const UNIT_NORMS_WRONG = 2;
/** Most names in a list: more products than any model has. */
const MAX_NAMES = 65_536;

const share = z.number().min(0).max(1);

const storedInt8Schema = z.object({
  quant_method: z.literal(QUANT_METHOD),
  version: z
    .union([z.literal(UNIT_NORMS_WRONG), z.literal(STORED_VERSION)])
    .describe("Version of this description and of the tensors."),
  activations_16_bit: z
    .array(z.string())
    .max(MAX_NAMES)
    .describe("Weights whose products round activations to 16 bits; all others to 8."),
  error: z
    .object({
      limit: z.number().positive().describe("Largest KL that was allowed."),
      tokens: z.number().int().positive(),
      kl_per_token: z.number().min(0).describe("KL(exact || 8 bits), nats."),
      same_top: share.describe("Share of positions where both find the same token most likely."),
      gradient_cosine: z.number().min(-1).max(1).describe("Cosine of an adapter's gradients on the two."),
    })
    .describe("Measured on text that was not used for calibration."),
  calibration: z.object({
    source: z.enum(["data", "samples"]).describe("Text that was given, or sampled from the model."),
    tokens: z.number().int().positive(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe("Hash of the token ids, 32 bits each, little-endian."),
  }),
});
/** How a stored base in 8 bits was made: what has to agree before its tensors are used. */
export type StoredInt8 = z.infer<typeof storedInt8Schema>;

/** The description of a base in 8 bits whose gradients were measured as well. */
export function describeInt8(
  { error, int16, rows }: Pick<QuantizedBase, "error" | "int16" | "rows">,
  source: "data" | "samples",
  limit: number,
): StoredInt8 {
  const ids = Int32Array.from(rows.flat());
  return {
    quant_method: QUANT_METHOD,
    version: STORED_VERSION,
    activations_16_bit: [...int16].sort(),
    error: {
      limit,
      tokens: error.tokens,
      kl_per_token: error.klPerToken,
      same_top: error.sameTop,
      gradient_cosine: error.gradientCosine ?? 1,
    },
    calibration: {
      source,
      tokens: ids.length,
      sha256: sha256(new Uint8Array(ids.buffer)),
    },
  };
}

/** Whether config.json says that experts are packed as MXFP4, which is read of gpt-oss. */
export const isMxfp4 = (json: JsonFields): boolean =>
  json.get("model_type") === "gpt_oss" && json.object("quantization_config")?.get("quant_method") === "mxfp4";

/**
 * The description of 8-bit weights in config.json, or undefined if there is none.
 *
 * @throws PlumbError if the weights are quantised in another way, or the description is not valid.
 */
export function storedInt8(json: JsonFields): StoredInt8 | undefined {
  const fields = json.object("quantization_config");
  if (fields === undefined) return undefined;
  if (isMxfp4(json)) {
    fields.get("modules_to_not_convert"); // which the tensors say
    return undefined;
  }
  if (fields.get("quant_method") !== QUANT_METHOD) {
    throw new PlumbError(`${json.path}: the weights are quantised ("quantization_config").`, {
      hint: "Use the original model, or a GGUF file of it.",
    });
  }
  const version = fields.number("version");
  if (version > STORED_VERSION) {
    throw new PlumbError(
      `${json.path}: the 8-bit weights are of version ${version}; this Plumbline reads version ${STORED_VERSION}.`,
      { hint: "Use a newer Plumbline, or convert the original model with this one." },
    );
  }
  const parsed = storedInt8Schema.safeParse(json.get("quantization_config"));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new PlumbError(
    `${json.path}: "quantization_config.${path.join(".")}" is not valid: ${message}.`,
    RECONVERT,
  );
}

const RECONVERT = { hint: "Write the folder again with plumb convert --quantize int8." };

export const EMBEDDING = "model.embed_tokens.weight";
const STORED_HEAD = "lm_head.weight";
export const scaleName = (weight: string): string => `${weight}_scale`;

/** The network's name for the weight that a stored matrix represents. */
export const weightOf = (config: ModelConfig, stored: string): string =>
  stored === STORED_HEAD ? headName(config) : stored;

/** Every tensor of a folder in 8 bits, with its type and shape. */
export function storedTensors(config: ModelConfig): Map<string, { dtype: "I8" | "F32"; shape: number[] }> {
  const tensors = new Map<string, { dtype: "I8" | "F32"; shape: number[] }>();
  const matrix = (name: string, shape: number[]): void => {
    tensors.set(name, { dtype: "I8", shape });
    tensors.set(scaleName(name), { dtype: "F32", shape: [shape[0]] });
  };
  const expected = expectedWeights(config);
  for (const [name, shape] of expected) {
    if (isLinearWeight(name) || name === EMBEDDING || name === STORED_HEAD)
      matrix(name, outputsAndInputs(name, shape));
    else tensors.set(name, { dtype: "F32", shape });
  }
  if (config.head !== "score") matrix(STORED_HEAD, [config.vocabSize, config.hiddenSize]);
  const widths = (layer: string): readonly number[] =>
    outputsAndInputs(`${layer}.weight`, expected.get(`${layer}.weight`) ?? []);
  for (const { maker, readers, exact = [] } of smoothingGroups(config)) {
    const [out, input] = widths(maker);
    if (input !== undefined) tensors.set(dividedOutput(maker), { dtype: "F32", shape: [out] });
    for (const reader of [...readers, ...exact])
      tensors.set(dividedInput(reader), { dtype: "F32", shape: [widths(reader)[1]] });
  }
  return tensors;
}

/** @throws PlumbError for norms that were stored wrongly, and one which names the first tensor that is missing, unexpected, or of another type or shape. */
export function checkStoredTensors(
  config: ModelConfig,
  { version, activations_16_bit: int16 }: StoredInt8,
  weights: SafetensorsWeights,
  source: string,
): void {
  const tensors = storedTensors(config);
  const fail = (what: string): PlumbError => new PlumbError(`${source}: ${what}.`, RECONVERT);
  if (version === UNIT_NORMS_WRONG && config.unitOffsetNorm)
    throw fail(
      `its 8-bit weights are of version ${version}, in which the norms of such a model (1 + weight) were scaled wrongly: it computes something else than the model that was converted`,
    );
  for (const [name, { dtype, shape }] of tensors) {
    if (!weights.has(name)) throw fail(`${name} is missing, which a model in 8 bits has`);
    if (weights.dtype(name) !== dtype)
      throw fail(`${name} is stored as ${weights.dtype(name)}; in a model in 8 bits it is ${dtype}`);
    const found = weights.shape(name);
    if (found.join() !== shape.join())
      throw fail(`${name} has the shape [${found.join(", ")}]; the configuration says [${shape.join(", ")}]`);
  }
  const extra = weights.names().find((name) => !tensors.has(name));
  if (extra !== undefined) throw fail(`${extra} is not a tensor of such a model in 8 bits`);
  const known = new Set(
    [...tensors].flatMap(([name, { dtype }]) => (dtype === "I8" ? [weightOf(config, name)] : [])),
  );
  const stranger = int16.find((name) => !known.has(name));
  if (stranger !== undefined)
    throw fail(
      `"quantization_config.activations_16_bit" names ${JSON.stringify(stranger.slice(0, 64))}, which is not the weight of a product`,
    );
}

/** @throws PlumbError if a folder's config.json does not describe 8-bit weights, but its tensors are in 8 bits. */
export function checkNoInt8(weights: Pick<SafetensorsWeights, "names" | "dtype">, source: string): void {
  const found = weights.names().find((name) => weights.dtype(name) === "I8");
  if (found === undefined) return;
  throw new PlumbError(`${source}: ${found} is stored as I8, but config.json has no "quantization_config".`, {
    hint: "The configuration belongs to another folder; restore it, or convert the original model again.",
  });
}
