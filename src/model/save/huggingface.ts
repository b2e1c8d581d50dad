/** A model as a Hugging Face folder: config.json, generation_config.json, safetensors, tokenizer files. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFolderAtomically } from "../../artifacts/atomic.js";
import { PlumbError } from "../../errors.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import type { ModelConfig } from "../config.js";
import { checkWeights } from "../load/checks.js";
import { expectedWeights } from "../weight-names.js";
import type { FloatDtype, SavedTensor } from "./safetensors.js";
import { DEFAULT_MAX_SHARD_BYTES, writeSafetensorsFolder } from "./shards.js";

const NAMES = {
  llama: { architecture: "LlamaForCausalLM", modelType: "llama" },
  mistral: { architecture: "MistralForCausalLM", modelType: "mistral" },
  qwen2: { architecture: "Qwen2ForCausalLM", modelType: "qwen2" },
};
const DTYPE_NAMES = { F32: "float32", BF16: "bfloat16", F16: "float16" };

/**
 * Saves a model so that transformers, vLLM and `openModel` load it. The folder appears whole or not at all.
 *
 * @param weights every weight of `expectedWeights(config)` and no other; each is asked for its values when its turn
 * comes, once.
 * @param maxShardBytes most bytes of weights in one file; a model that takes more is written as shards with an index.
 * @throws PlumbError when weights and configuration do not fit, or the folder cannot be written.
 */
export async function saveHuggingFace(
  dir: string,
  config: ModelConfig,
  weights: ReadonlyMap<string, SavedTensor>,
  tokenizer?: Tokenizer,
  dtype: FloatDtype = "F32",
  maxShardBytes = DEFAULT_MAX_SHARD_BYTES,
): Promise<void> {
  const shape = (name: string) => [...(weights.get(name)?.shape ?? [])];
  checkWeights(config, { has: (name) => weights.has(name), shape }, "the model to save");
  const expected = expectedWeights(config);
  const extra = [...weights.keys()].find((name) => !expected.has(name));
  if (extra !== undefined)
    throw new PlumbError(`${extra} is no weight of such a model; it cannot be saved as one.`);
  await writeFolderAtomically(dir, async (tmp) => {
    await writeFile(join(tmp, "config.json"), jsonText(configJson(config, dtype)));
    await writeFile(join(tmp, "generation_config.json"), jsonText(generationConfigJson(config)));
    for (const [name, text] of Object.entries(tokenizer?.files ?? {})) await writeFile(join(tmp, name), text);
    await writeSafetensorsFolder(tmp, "model", weights, dtype, maxShardBytes);
  });
}

/** config.json in the spellings of transformers 4 (rope_theta, rope_scaling, torch_dtype) and 5 (rope_parameters). */
export function configJson(config: ModelConfig, dtype: FloatDtype): object {
  const { architecture, modelType } = NAMES[config.architecture];
  const scaling = ropeScalingJson(config);
  return {
    architectures: [architecture],
    model_type: modelType,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    hidden_act: "silu",
    max_position_embeddings: config.maxPositions,
    rms_norm_eps: config.rmsNormEps,
    rope_theta: config.ropeTheta,
    rope_scaling: scaling,
    rope_parameters: { rope_theta: config.ropeTheta, ...(scaling ?? { rope_type: "default" }) },
    tie_word_embeddings: config.tieWordEmbeddings,
    ...familyJson(config),
    ...tokenIdsJson(config),
    initializer_range: 0.02,
    use_cache: true,
    torch_dtype: DTYPE_NAMES[dtype],
    dtype: DTYPE_NAMES[dtype],
  };
}

function ropeScalingJson({ ropeScaling }: ModelConfig): object | null {
  if (ropeScaling === undefined) return null;
  return {
    rope_type: "llama3",
    factor: ropeScaling.factor,
    low_freq_factor: ropeScaling.lowFreqFactor,
    high_freq_factor: ropeScaling.highFreqFactor,
    original_max_position_embeddings: ropeScaling.originalMaxPositions,
  };
}

/** What only one family's config.json has. */
function familyJson(config: ModelConfig): object {
  switch (config.architecture) {
    case "llama":
      return { attention_bias: config.qkvBias, mlp_bias: config.mlpBias };
    case "mistral":
      return { sliding_window: config.slidingWindow ?? null };
    case "qwen2":
      return {
        use_sliding_window: config.slidingWindow !== undefined,
        sliding_window: config.slidingWindow ?? null,
        max_window_layers: config.slidingWindow === undefined ? config.layers : 0,
      };
  }
}

function tokenIdsJson({ bosId, eosIds, padId }: ModelConfig): object {
  return {
    bos_token_id: bosId ?? null,
    eos_token_id: eosIds.length > 1 ? eosIds : (eosIds[0] ?? null),
    pad_token_id: padId ?? null,
  };
}

function generationConfigJson(config: ModelConfig): object {
  return { _from_model_config: true, ...tokenIdsJson(config) };
}

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
