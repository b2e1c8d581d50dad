/** LoRA adapters as PEFT saves them: adapter_config.json and adapter_model.safetensors. */
import { join } from "node:path";
import { PlumbError } from "../../base/errors.js";
import { type JsonFields, readJson } from "../formats/json-fields.js";
import { openSafetensors } from "../formats/safetensors.js";
import { type OpenWeights, unknownTensor } from "../formats/weights.js";

export interface PeftConfig {
  r: number;
  /** The update is scaled by loraAlpha / r; rank-stabilised adapters (alpha / sqrt(r)) are converted to this form. */
  loraAlpha: number;
  targetModules: string[];
  /** Modules trained in full besides the adapter, such as a reward model's "score". */
  modulesToSave?: string[];
  /** The model that the adapter was trained on, as its author named it. */
  baseModel?: string;
}

export interface PeftAdapter {
  config: PeftConfig;
  /** Named without PEFT's prefix: "model.layers.0.self_attn.q_proj.lora_A.weight", [r, inputs]. */
  weights: OpenWeights;
}

/** Prefix of every name in an adapter file. */
export const PEFT_PREFIX = "base_model.model.";

/** Opens an adapter. @throws PlumbError if a file is missing, or the adapter is not a plain LoRA. */
export async function openPeftAdapter(dir: string): Promise<PeftAdapter> {
  const config = peftConfig(await readJson(join(dir, "adapter_config.json")));
  const weights = await openSafetensors(join(dir, "adapter_model.safetensors"));
  return { config, weights: withoutPrefix(weights, dir) };
}

function peftConfig(json: JsonFields): PeftConfig {
  const type = json.get("peft_type");
  if (type !== "LORA") throw json.wrong("peft_type", '"LORA", the only supported kind of adapter');
  for (const variant of ["use_dora", "lora_bias"]) {
    if (json.boolean(variant, false)) throw json.wrong(variant, "false; this variant is not supported");
  }
  for (const pattern of ["rank_pattern", "alpha_pattern"]) {
    const value = json.get(pattern) ?? {};
    if (Object.keys(value).length > 0)
      throw json.wrong(pattern, "empty; one rank and alpha for all is supported");
  }
  const targets = json.get("target_modules");
  const base = json.get("base_model_name_or_path");
  const toSave = names(json, "modules_to_save");
  const r = json.number("r");
  if (!Number.isInteger(r) || r < 1) throw json.wrong("r", "a positive whole number");
  const scale = json.boolean("use_rslora", false) ? Math.sqrt(r) : 1;
  return {
    r,
    loraAlpha: json.number("lora_alpha") * scale,
    targetModules: typeof targets === "string" ? [targets] : (names(json, "target_modules") ?? []),
    ...(toSave === undefined ? {} : { modulesToSave: toSave }),
    ...(typeof base === "string" ? { baseModel: base } : {}),
  };
}

function names(json: JsonFields, key: string): string[] | undefined {
  const value = json.get(key);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
  throw json.wrong(key, "a list of names");
}

function withoutPrefix(weights: OpenWeights, dir: string): OpenWeights {
  const stored = new Map<string, string>();
  for (const name of weights.names()) {
    const short = name.startsWith(PEFT_PREFIX) ? name.slice(PEFT_PREFIX.length) : name;
    if (stored.has(short)) throw new PlumbError(`${dir}: the adapter has two tensors named ${short}.`);
    stored.set(short, name);
  }
  const find = (name: string) => stored.get(name) ?? unknownTensor(name, dir);
  return {
    names: () => [...stored.keys()],
    has: (name) => stored.has(name),
    shape: (name) => weights.shape(find(name)),
    dtype: (name) => weights.dtype(find(name)),
    read: async (name) => weights.read(find(name)),
    close: () => weights.close(),
  };
}
