/** Converts GGUF metadata and tensor names to a model's configuration and weights under Hugging Face's names. */
import { PlumbError } from "../../base/errors.js";
import type { ModelConfig } from "../config.js";
import type { GgufFile, GgufValue } from "../formats/gguf.js";
import { type OpenWeights, unknownTensor } from "../formats/weights.js";
import { llama3ScalingFrom } from "./gguf-rope.js";

/** ggml's names for the parts of layer N (after "blk.N."), to Hugging Face's (after "model.layers.N."). */
const LAYER_PARTS: Record<string, string> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

const WHOLE_NAMES: Record<string, string> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
};

/** The Hugging Face name of a ggml tensor, or undefined for one that is not a weight (rope_freqs). */
export function huggingFaceName(name: string): string | undefined {
  if (Object.hasOwn(WHOLE_NAMES, name)) return WHOLE_NAMES[name];
  const match = /^blk\.(\d+)\.([a-z_]+)\.(weight|bias)$/.exec(name);
  if (match === null || !Object.hasOwn(LAYER_PARTS, match[2])) return undefined;
  return `model.layers.${match[1]}.${LAYER_PARTS[match[2]]}.${match[3]}`;
}

/**
 * The configuration of a GGUF file of the architecture llama (also Mistral's files) or qwen2.
 *
 * @throws PlumbError for other architectures, mixtures of experts, and partial or otherwise scaled rotary embeddings.
 */
export async function ggufConfig(file: GgufFile): Promise<ModelConfig> {
  const architecture = file.metadata.get("general.architecture");
  if (architecture !== "llama" && architecture !== "qwen2") {
    throw new PlumbError(`${file.path}: the architecture ${JSON.stringify(architecture)} is not supported.`, {
      hint: "GGUF files of the architectures llama (also Mistral, SmolLM) and qwen2 are read.",
    });
  }
  const metadata = new Metadata(file, architecture);
  if (metadata.integer("expert_count", 0) > 0) {
    throw new PlumbError(`${file.path}: this is a mixture of experts, which is not supported.`);
  }
  const hiddenSize = metadata.integer("embedding_length");
  const heads = metadata.integer("attention.head_count");
  const headDim = metadata.integer("attention.key_length", heads > 0 ? hiddenSize / heads : 0);
  const rotary = metadata.integer("rope.dimension_count", headDim);
  const values = metadata.integer("attention.value_length", headDim);
  if (rotary !== headDim || values !== headDim) {
    throw new PlumbError(
      `${file.path}: heads have ${headDim} dimensions, of which ${rotary} are rotated, and values ${values}; only equal ones are supported.`,
    );
  }
  const slidingWindow = metadata.integer("attention.sliding_window", 0);
  const embedding = file.tensors.get("token_embd.weight");
  if (embedding === undefined) throw new PlumbError(`${file.path} has no tensor token_embd.weight.`);
  const bias = (part: string) => file.tensors.has(`blk.0.${part}.bias`);
  const ropeTheta = metadata.real("rope.freq_base", 10_000);
  const originalMaxPositions = metadata.integer("rope.scaling.original_context_length", 8192);
  checkScalingType(file, metadata.text("rope.scaling.type", "none"));

  return {
    architecture: architecture === "llama" && slidingWindow > 0 ? "mistral" : architecture,
    vocabSize: embedding.shape[0],
    hiddenSize,
    intermediateSize: metadata.integer("feed_forward_length"),
    layers: metadata.integer("block_count"),
    heads,
    kvHeads: metadata.integer("attention.head_count_kv", heads),
    headDim,
    maxPositions: metadata.integer("context_length"),
    rmsNormEps: metadata.real("attention.layer_norm_rms_epsilon"),
    ropeTheta,
    ropeScaling: await llama3ScalingFrom(file, headDim, ropeTheta, originalMaxPositions),
    tieWordEmbeddings: !file.tensors.has("output.weight"),
    qkvBias: bias("attn_q"),
    outputBias: bias("attn_output"),
    mlpBias: bias("ffn_up"),
    slidingWindow: slidingWindow > 0 ? slidingWindow : undefined,
    bosId: tokenId(file, "bos_token_id"),
    eosIds: eosIds(file),
    padId: tokenId(file, "padding_token_id"),
  };
}

function checkScalingType(file: GgufFile, type: string): void {
  if (type === "none" || type === "llama3") return;
  throw new PlumbError(`${file.path}: rotary scaling of the type ${JSON.stringify(type)} is not supported.`, {
    hint: "Only Llama 3's scaling is implemented.",
  });
}

/** The tokens that end a turn: EOS and, if the file names them, end of turn and end of message. */
function eosIds(file: GgufFile): number[] {
  const ids = ["eos_token_id", "eot_token_id", "eom_token_id"].map((key) => tokenId(file, key));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

function tokenId(file: GgufFile, key: string): number | undefined {
  const id = file.metadata.get(`tokenizer.ggml.${key}`);
  return typeof id === "number" && Number.isInteger(id) && id >= 0 ? id : undefined;
}

/** Typed access to "<architecture>.<key>". */
class Metadata {
  constructor(
    private readonly file: GgufFile,
    private readonly architecture: string,
  ) {}

  private value(key: string): GgufValue | undefined {
    return this.file.metadata.get(`${this.architecture}.${key}`);
  }

  private wrong(key: string, expected: string): never {
    const value = this.value(key);
    const found = value === undefined ? "missing" : `${String(value).slice(0, 40)}`;
    throw new PlumbError(
      `${this.file.path}: the metadata ${this.architecture}.${key} is ${found}; expected ${expected}.`,
    );
  }

  integer(key: string, fallback?: number): number {
    const value = this.value(key) ?? fallback;
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) {
      return this.wrong(key, "a whole number");
    }
    return number;
  }

  /** A float32, as the shortest decimal that represents it (1e-5, not 9.999999747378752e-6). */
  real(key: string, fallback?: number): number {
    const value = this.value(key) ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
      return this.wrong(key, "a positive number");
    for (let digits = 1; digits < 9; digits++) {
      const short = Number(value.toPrecision(digits));
      if (Math.fround(short) === value) return short;
    }
    return value;
  }

  text(key: string, fallback: string): string {
    const value = this.value(key) ?? fallback;
    return typeof value === "string" ? value : this.wrong(key, "a text");
  }
}

/** The file's weights under Hugging Face's names, with the rows of q and k in Hugging Face's order. */
export function ggufModelWeights(file: GgufFile, config: ModelConfig): OpenWeights {
  const originals = new Map<string, string>();
  for (const name of file.tensors.keys()) {
    const renamed = huggingFaceName(name);
    if (renamed !== undefined) originals.set(renamed, name);
  }
  const original = (name: string) => originals.get(name) ?? unknownTensor(name, file.path);
  const interleaved = file.metadata.get("general.architecture") === "llama";
  return {
    names: () => [...originals.keys()],
    has: (name) => originals.has(name),
    shape: (name) => file.weights.shape(original(name)),
    dtype: (name) => file.weights.dtype(original(name)),
    async read(name) {
      const data = await file.weights.read(original(name));
      const heads = name.includes(".q_proj.") ? config.heads : name.includes(".k_proj.") ? config.kvHeads : 0;
      if (interleaved && heads > 0) splitRotaryPairs(data, heads, config.headDim);
      return data;
    },
    close: () => file.weights.close(),
  };
}

/**
 * Undoes, in place, the row order that llama.cpp's converter gives q and k of Llama models.
 *
 * In that order, two rows that are rotated together are neighbours (row 2i + a of a head); Hugging Face keeps the
 * halves apart (row a headDim/2 + i). Works for weights [heads x headDim, inputs] and biases [heads x headDim].
 */
export function splitRotaryPairs(data: Float32Array, heads: number, headDim: number): void {
  const size = data.length / heads;
  const width = size / headDim;
  const half = headDim / 2;
  const before = new Float32Array(size);
  for (let start = 0; start < data.length; start += size) {
    before.set(data.subarray(start, start + size));
    for (let row = 0; row < headDim; row++) {
      const to = start + ((row % 2) * half + (row >> 1)) * width;
      data.set(before.subarray(row * width, (row + 1) * width), to);
    }
  }
}
