/**
 * config.json of a Hugging Face folder to a ModelConfig.
 *
 * Both spellings are read: transformers 4 (rope_theta and rope_scaling at the top) and 5 (rope_parameters).
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PlumbError } from "../../errors.js";
import type { ModelConfig, RopeScaling } from "../config.js";

const ARCHITECTURES = new Map<string, ModelConfig["architecture"]>([
  ["LlamaForCausalLM", "llama"],
  ["MistralForCausalLM", "mistral"],
  ["Qwen2ForCausalLM", "qwen2"],
]);
const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Reads config.json and, where it is there, the EOS ids of generation_config.json.
 *
 * @throws PlumbError naming the file and the field when something is missing or not supported.
 */
export async function readHuggingFaceConfig(dir: string): Promise<ModelConfig> {
  const config = await readJson(join(dir, "config.json"));
  const generationPath = join(dir, "generation_config.json");
  const generation = existsSync(generationPath) ? await readJson(generationPath) : undefined;
  return huggingFaceConfig(config, generation);
}

/** A JSON object with the path it came from; its fields are read with a check of their type. */
export class JsonFields {
  private readonly fields: Map<string, unknown>;

  constructor(
    value: object,
    readonly path: string,
  ) {
    this.fields = new Map<string, unknown>(Object.entries(value));
  }

  /** The value; null counts as absent, as Python writes None so. */
  get(key: string): unknown {
    return this.fields.get(key) ?? undefined;
  }

  number(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.wrong(key, "a number");
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.wrong(key, "true or false");
  }

  object(key: string): JsonFields | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return new JsonFields(value, this.path);
    throw this.wrong(key, "an object");
  }

  /** Token ids, written as one number or a list. */
  ids(key: string): number[] {
    const value = this.get(key) ?? [];
    const ids: unknown[] = Array.isArray(value) ? value : [value];
    return ids.map((id) => {
      if (typeof id === "number" && Number.isInteger(id)) return id;
      throw this.wrong(key, "a token id or a list of them");
    });
  }

  wrong(key: string, expected: string): PlumbError {
    const value = this.get(key);
    const found = value === undefined ? "missing" : JSON.stringify(value).slice(0, 60);
    return new PlumbError(`${this.path}: "${key}" is ${found}; expected ${expected}.`);
  }
}

/** Reads a file that holds one JSON object. @throws PlumbError when it is missing, too large or malformed. */
export async function readJson(path: string): Promise<JsonFields> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new PlumbError(`${path} cannot be read.`, {
      hint: "A model folder has config.json, model.safetensors and tokenizer.json.",
      cause: error,
    });
  }
  if (text.length > MAX_CONFIG_BYTES)
    throw new PlumbError(`${path} is larger than ${MAX_CONFIG_BYTES} bytes.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PlumbError(`${path}: not valid JSON: ${why}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PlumbError(`${path}: expected a JSON object.`);
  }
  return new JsonFields(value, path);
}

/** The configuration that config.json (and generation_config.json) describe. */
export function huggingFaceConfig(json: JsonFields, generation?: JsonFields): ModelConfig {
  const architecture = architectureOf(json);
  if (json.get("quantization_config") !== undefined) {
    throw new PlumbError(`${json.path}: the weights are quantised ("quantization_config").`, {
      hint: "Use the original model, or a GGUF file of it.",
    });
  }
  const activation = json.get("hidden_act") ?? "silu";
  if (activation !== "silu") throw json.wrong("hidden_act", '"silu"');

  const hiddenSize = json.number("hidden_size");
  const heads = json.number("num_attention_heads");
  const biased = json.boolean("attention_bias", false);
  const eosIds = [...(generation?.ids("eos_token_id") ?? []), ...json.ids("eos_token_id")];
  const rope = json.object("rope_parameters");
  return {
    architecture,
    vocabSize: json.number("vocab_size"),
    hiddenSize,
    intermediateSize: json.number("intermediate_size"),
    layers: json.number("num_hidden_layers"),
    heads,
    kvHeads: json.number("num_key_value_heads", heads),
    headDim: json.number("head_dim", hiddenSize / heads),
    maxPositions: json.number("max_position_embeddings"),
    rmsNormEps: json.number("rms_norm_eps"),
    ropeTheta: (rope ?? json).number("rope_theta", json.number("rope_theta", 10_000)),
    ropeScaling: ropeScalingOf(rope ?? json.object("rope_scaling")),
    tieWordEmbeddings: json.boolean("tie_word_embeddings", false),
    qkvBias: architecture === "qwen2" || (architecture === "llama" && biased),
    outputBias: architecture === "llama" && biased,
    mlpBias: architecture === "llama" && json.boolean("mlp_bias", false),
    slidingWindow: slidingWindowOf(json, architecture),
    bosId: json.ids("bos_token_id")[0],
    eosIds: [...new Set(eosIds)],
    padId: json.ids("pad_token_id").find((id) => id >= 0),
  };
}

function architectureOf(json: JsonFields): ModelConfig["architecture"] {
  const names = json.get("architectures");
  const name: unknown = Array.isArray(names) ? names[0] : undefined;
  const known = typeof name === "string" ? ARCHITECTURES.get(name) : undefined;
  if (known !== undefined) return known;
  const found = name === undefined ? "not named" : JSON.stringify(name);
  throw new PlumbError(`${json.path}: the architecture is ${found}, which is not supported.`, {
    hint: `Supported are ${[...ARCHITECTURES.keys()].join(", ")}.`,
  });
}

/** rope_scaling of transformers 4 or rope_parameters of 5; the type was once called "type". */
function ropeScalingOf(rope: JsonFields | undefined): RopeScaling | undefined {
  if (rope === undefined) return undefined;
  const type = rope.get("rope_type") ?? rope.get("type") ?? "default";
  if (type === "default") return undefined;
  if (type !== "llama3") {
    throw new PlumbError(
      `${rope.path}: rotary scaling of the type ${JSON.stringify(type)} is not supported.`,
      {
        hint: 'Supported are "default" and "llama3".',
      },
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

/** Mistral states a window whenever it has one; Qwen2 has a switch for it, and leaves its first layers without. */
function slidingWindowOf(json: JsonFields, architecture: ModelConfig["architecture"]): number | undefined {
  if (json.get("sliding_window") === undefined || architecture === "llama") return undefined;
  if (architecture === "mistral") return json.number("sliding_window");
  if (!json.boolean("use_sliding_window", false)) return undefined;
  if (json.number("max_window_layers", 28) === 0) return json.number("sliding_window");
  throw json.wrong("max_window_layers", "0, since a window on some layers only is not supported");
}
