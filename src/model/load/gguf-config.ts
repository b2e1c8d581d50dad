/** The configuration of a model in a GGUF file. */
import { PlumbError } from "../../base/errors.js";
import type { Experts, ModelConfig } from "../config.js";
import type { GgufFile } from "../formats/gguf.js";
import { GGUF_ARCHITECTURES, type GgufArchitecture } from "./gguf-architectures.js";
import { Metadata } from "./gguf-metadata.js";
import { ggufRopeScaling } from "./gguf-rope.js";

/** @throws PlumbError if the file's architecture is not read */
export function ggufArchitecture(file: GgufFile): GgufArchitecture {
  const named = file.metadata.get("general.architecture");
  const found = GGUF_ARCHITECTURES.find(({ ggml }) => ggml === named);
  if (found !== undefined) return found;
  throw new PlumbError(`${file.path}: the architecture ${JSON.stringify(named)} is not supported.`, {
    hint: `GGUF files of these are read: ${GGUF_ARCHITECTURES.map(({ ggml }) => ggml).join(", ")} (llama: also Mistral, SmolLM).`,
  });
}

/**
 * The configuration of a GGUF file.
 *
 * @throws PlumbError for architectures, mixtures of experts and scalings of rotary embeddings that are not read.
 */
export async function ggufConfig(file: GgufFile): Promise<ModelConfig> {
  const architecture = ggufArchitecture(file);
  const metadata = new Metadata(file, architecture.ggml);
  const experts = ggufExperts(file, metadata, architecture);
  const hiddenSize = metadata.integer("embedding_length");
  const heads = metadata.integer("attention.head_count");
  const headDim = metadata.integer("attention.key_length", heads > 0 ? hiddenSize / heads : 0);
  const rotary = metadata.integer("rope.dimension_count", headDim);
  const values = metadata.integer("attention.value_length", headDim);
  if (values !== headDim || (rotary !== headDim && architecture.interleaved)) {
    throw new PlumbError(
      `${file.path}: heads have ${headDim} dimensions, of which ${rotary} are rotated, and values ${values}; only equal ones are supported.`,
    );
  }
  const embedding = file.tensors.get("token_embd.weight");
  if (embedding === undefined) throw new PlumbError(`${file.path} has no tensor token_embd.weight.`);
  const bias = (...parts: string[]) => parts.some((part) => file.tensors.has(`blk.0.${part}.bias`));
  const slidingWindow = metadata.integer("attention.sliding_window", 0) || undefined;
  const layers = metadata.integer("block_count");
  const ropeTheta = metadata.real("rope.freq_base", 10_000);
  const ropeScaling = await ggufRopeScaling(file, metadata, rotary, ropeTheta);
  const own = architecture.fields(metadata, { hiddenSize, heads, headDim, layers });

  const config = {
    architecture:
      (experts && architecture.mixture?.name) ||
      (slidingWindow && WINDOWED[architecture.name]) ||
      architecture.name,
    vocabSize: embedding.shape[0],
    hiddenSize,
    intermediateSize: metadata.integer("feed_forward_length"),
    layers,
    heads,
    kvHeads: metadata.integer("attention.head_count_kv", heads),
    headDim,
    maxPositions:
      ropeScaling?.kind === "longrope"
        ? ropeScaling.originalMaxPositions
        : metadata.integer("context_length"),
    rmsNormEps:
      own.norm === "layer"
        ? metadata.real("attention.layer_norm_epsilon")
        : metadata.real("attention.layer_norm_rms_epsilon"),
    ropeTheta,
    ropeScaling,
    rotaryDim: rotary === headDim ? undefined : rotary,
    tieWordEmbeddings: !file.tensors.has("output.weight"),
    qkvBias: bias("attn_q", "attn_qkv"),
    outputBias: bias("attn_output"),
    mlpBias: bias("ffn_up"),
    ...(experts && { experts }),
    ...(slidingWindow && { slidingWindow }),
    bosId: tokenId(file, "bos_token_id"),
    eosIds: eosIds(file),
    padId: tokenId(file, "padding_token_id"),
    ...own,
  };
  checkKeys(file, metadata, architecture.ggml);
  return config;
}

/** @throws PlumbError for a mixture of experts of an architecture of which none is read, or one without any */
function ggufExperts(
  file: GgufFile,
  metadata: Metadata,
  { ggml, name, mixture }: GgufArchitecture,
): Experts | undefined {
  const count = metadata.integer("expert_count", 0);
  if (count === 0 && mixture?.name !== name) return undefined;
  if (count === 0) throw new PlumbError(`${file.path}: the metadata ${ggml}.expert_count is missing, or 0.`);
  if (mixture === undefined) {
    throw new PlumbError(
      `${file.path}: this is a mixture of experts (${ggml}.expert_count is ${count}), which is not read of the architecture ${ggml}.`,
    );
  }
  return mixture.experts(metadata, { count, chosen: metadata.integer("expert_used_count") });
}

/** Keys that change nothing: what others or the tensors say, and experts' where there are none. */
const WITHOUT_EFFECT: readonly string[] = [
  ...["vocab_size", "tensor_data_layout", "expert_used_count", "mm.tokens_per_image"],
  ...["rope.scaling.finetuned", "rope.scaling.original_context_length"],
];
/** Keys of which one value alone is supported. */
const ONE_VALUE: Readonly<Record<string, unknown>> = {
  "attention.causal": true,
  "rope.scale_linear": 1,
  "rope.scaling.factor": 1,
};

/** @throws PlumbError, which names the architecture's keys that were not asked for and may change what it computes. */
function checkKeys(file: GgufFile, metadata: Metadata, architecture: string): void {
  const unknown = metadata.unread().filter((key) => {
    if (WITHOUT_EFFECT.includes(key)) return false;
    const value = file.metadata.get(`${architecture}.${key}`);
    return !(Object.hasOwn(ONE_VALUE, key) && ONE_VALUE[key] === value);
  });
  if (unknown.length === 0) return;
  const list = unknown.slice(0, 12).map((key) => `${architecture}.${key.slice(0, 64)}`);
  throw new PlumbError(
    `${file.path}: the metadata ${list.join(", ")} ${unknown.length > 1 ? "are" : "is"} not known, so the model may compute something else than would be read.`,
    { hint: "Use the model's Hugging Face folder." },
  );
}

/** Architectures that a file calls by the name of the one without a window. */
const WINDOWED: Partial<Record<string, ModelConfig["architecture"]>> = { llama: "mistral", olmo2: "olmo3" };

/** The tokens that end a turn: EOS and, if the file names them, end of turn and end of message. */
function eosIds(file: GgufFile): number[] {
  const ids = ["eos_token_id", "eot_token_id", "eom_token_id"].map((key) => tokenId(file, key));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

function tokenId(file: GgufFile, key: string): number | undefined {
  const id = file.metadata.get(`tokenizer.ggml.${key}`);
  return typeof id === "number" && Number.isInteger(id) && id >= 0 ? id : undefined;
}
