/**
 * adapter_config.json: every key that peft's LoraConfig writes (peft, tuners/lora/config.py), with what it does here.
 * A key is used; or it must be off, because what it turns on is not supported; or it changes nothing once an adapter is
 * trained. A key that is none of these is refused unless it is off as well.
 */
import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { fieldName, shown } from "../../base/explain-issue.js";
import type { JsonFields } from "../formats/json-fields.js";

/** Longer names and expressions are refused. */
const MAX_TEXT = 16_384;

const name = z.string({ error: "expected a name" }).max(MAX_TEXT);
const names = z.array(name, { error: "expected a list of names" });
const switched = z.boolean({ error: "expected true or false" }).nullish();
const index = z.number({ error: "expected a whole number" }).int().nonnegative();
const indices = z.array(index);
const positive = z
  .number({ error: "expected a positive whole number" })
  .int("expected a positive whole number")
  .positive("expected a positive whole number");
const amount = z.number({ error: "expected a number" });

/** Whether a value says that something is not used: peft's default for whatever was added to it later. */
export const isOff = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);

const off = (what: string) =>
  z
    .unknown()
    .refine(isOff, { error: `expected it to be off: ${what} is not supported` })
    .optional();

/** Initialisations after which the base is as it was. */
const PLAIN_STARTS = ["gaussian", "eva", "orthogonal", "mica", "true", "false"];
const start = z.union([z.boolean(), z.string(), z.null()]).superRefine((value, context) => {
  if (typeof value !== "string" || [...PLAIN_STARTS, "olora"].includes(value.toLowerCase())) return;
  context.addIssue({
    code: "custom",
    message:
      "expected an initialisation that leaves the base as it is, or olora: this one takes a part out of the base, which peft computes " +
      "again at each load. In peft, save the adapter with path_initial_model_for_weight_conversion, which makes it a plain one",
  });
});

/** Keys that decide what is computed. */
const USED = {
  peft_type: z.literal("LORA", { error: 'expected "LORA", the only supported kind of adapter' }),
  task_type: z
    .enum(["CAUSAL_LM", "SEQ_CLS"], { error: 'expected "CAUSAL_LM" or "SEQ_CLS"' })
    .nullish()
    .describe("A language model or a classifier; decides which layers all-linear means."),
  base_model_name_or_path: name.nullish().describe("The base of a reward model that names no other."),
  revision: name.nullish().describe("The version of that base on the hub."),
  r: positive.describe("The rank, of modules that no rank_pattern names."),
  lora_alpha: amount.describe("Updates are scaled by alpha / r, or alpha / sqrt(r) with use_rslora."),
  use_rslora: switched,
  rank_pattern: z
    .record(name, positive)
    .nullish()
    .describe("Ranks by ends of modules' paths, as expressions."),
  alpha_pattern: z
    .record(name, amount)
    .nullish()
    .describe("Alphas by ends of modules' paths, as expressions."),
  target_modules: z
    .union([name, names], { error: "expected a list of names, an expression, or all-linear" })
    .describe("Ends of the paths of adapted modules, an expression for whole paths, or all-linear."),
  target_parameters: names
    .nullish()
    .describe("Ends of the paths of adapted weights, which may be those of all experts of a layer."),
  peft_version: z.unknown().optional().describe("Decides how the weights of experts lie in the file."),
  exclude_modules: z.union([name, names]).nullish().describe("Modules that are not adapted, named likewise."),
  layers_to_transform: z.union([index, indices]).nullish().describe("Only these layers are adapted."),
  layers_pattern: z.union([name, names]).nullish().describe("What stands before a layer's number in paths."),
  modules_to_save: names.nullish().describe("Modules that were trained whole."),
  trainable_token_indices: z
    .union([indices, z.record(name, indices)], { error: "expected token ids, or lists of them by module" })
    .nullish()
    .describe("Rows of the embedding that were trained, by id."),
  ensure_weight_tying: switched.describe(
    "A trained embedding is the output head too, where the base ties them.",
  ),
  use_dora: switched.describe("Rows of W + s B A are scaled to a trained length (Liu et al. 2024)."),
  init_lora_weights: start
    .optional()
    .describe("OLoRA takes Q_r R_r of the base's QR out of it (Büyükakyüz 2024)."),
};

/** Keys that turn on what is not supported. */
const OFF = {
  layer_replication: off("repeating layers"),
  alora_invocation_tokens: off("aLoRA, which starts at certain tokens,"),
  use_qalora: off("QA-LoRA"),
  use_bdlora: off("BD-LoRA"),
  arrow_config: off("routing between adapters (Arrow)"),
  kasa_config: off("KaSA, which takes a part out of the base,"),
  monteclora_config: off("MonteCLoRA"),
  velora_config: off("VeLoRA"),
  megatron_config: off("tensor parallelism of Megatron"),
  enable_lora: off("LoRA on a part of a fused layer"),
};

const unused = z.unknown().optional();
/** Keys that change nothing once the adapter is trained. */
const WITHOUT_EFFECT = {
  auto_mapping: unused,
  inference_mode: unused,
  lora_dropout: unused,
  bias: unused.describe("Which biases were trained; they are in the file, and those are used."),
  lora_bias: unused.describe("Whether B has a bias; it is in the file, and is used."),
  fan_in_fan_out: unused.describe("How the base stores weights, which its architecture says."),
  qalora_group_size: unused,
  loftq_config: unused.describe("Settings of an initialisation that init_lora_weights names."),
  eva_config: unused,
  corda_config: unused,
  lora_ga_config: unused,
  megatron_core: unused,
  runtime_config: unused,
  merge_weights: unused,
};

/** The keys by what they do. */
export const ADAPTER_KEYS = {
  used: Object.keys(USED),
  off: Object.keys(OFF),
  withoutEffect: Object.keys(WITHOUT_EFFECT),
};
const KNOWN: readonly string[] = Object.values(ADAPTER_KEYS).flat();
const adapterConfigSchema = z.object({ ...USED, ...OFF, ...WITHOUT_EFFECT });

/** adapter_config.json, checked. */
export type AdapterConfig = z.output<typeof adapterConfigSchema>;

/**
 * Checks adapter_config.json.
 *
 * @returns the configuration, and warnings: keys that are not known and are off.
 * @throws PlumbError, which names the key, for a value that is invalid or not supported, and for an unknown key that is
 * not off.
 */
export function adapterConfig(json: JsonFields): { config: AdapterConfig; warnings: string[] } {
  const given = json.all();
  const none = given.target_modules === null && !isOff(given.target_parameters);
  const parsed = adapterConfigSchema.safeParse(none ? { ...given, target_modules: [] } : given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const value = issue.path.reduce<unknown>((part, key) => (part as never)?.[key], json.all());
    const found =
      value === undefined ? "is missing" : `is ${typeof value === "boolean" ? value : shown(value)}`;
    throw new PlumbError(`${json.path}: "${fieldName(issue.path)}" ${found}; ${issue.message}.`);
  }
  const unknown = json.keys().filter((key) => !KNOWN.includes(key));
  const on = unknown.find((key) => !isOff(json.get(key)));
  if (on !== undefined) {
    throw new PlumbError(
      `${json.path}: "${on}" is not known here, and may change what the adapter computes.`,
      {
        hint: "If you know that it changes nothing, remove it from the file.",
      },
    );
  }
  const listed = unknown
    .slice(0, 5)
    .map((key) => JSON.stringify(key))
    .join(", ");
  const warnings =
    unknown.length > 0
      ? [
          `${json.path}: ${unknown.length} unknown ${unknown.length > 1 ? "keys" : "key"}, not used (off): ${listed}`,
        ]
      : [];
  const { data: config } = parsed;
  const pattern = config.layers_pattern;
  if (pattern !== undefined && !isOff(pattern) && config.layers_to_transform == null)
    throw json.wrong("layers_pattern", "it only together with layers_to_transform");
  if (typeof config.target_modules === "string" && config.layers_to_transform != null)
    throw json.wrong("layers_to_transform", "none where target_modules is one text");
  return { config, warnings };
}
