/** Saves a model as a Hugging Face folder: config.json, generation_config.json, safetensors, tokenizer files. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFolderAtomically } from "../../artifacts/atomic.js";
import { PlumbError } from "../../base/errors.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { architectureOf, canSayBiases } from "../architectures/index.js";
import { theirWeights } from "../architectures/names.js";
import type { ModelConfig } from "../config.js";
import type { FloatDtype, SavedTensor } from "../formats/write-safetensors.js";
import { checkWeights } from "../load/checks.js";
import { expectedWeights } from "../weight-names.js";
import { DEFAULT_MAX_SHARD_BYTES, writeSafetensorsFolder } from "./shards.js";

const DTYPE_NAMES = { F32: "float32", BF16: "bfloat16", F16: "float16" };

/**
 * Saves a model so that transformers, vLLM and `openModel` load it. The folder appears whole or not at all.
 *
 * @param weights exactly the weights of `expectedWeights(config)`, under our names; the values of each are requested
 * once, when it is written.
 * @param maxShardBytes most bytes of weights in one file; a larger model is written as shards with an index.
 * @throws PlumbError if weights and configuration do not match, or the folder cannot be written.
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
    throw new PlumbError(`${extra} is not a weight of such a model, so it cannot be saved with it.`);
  if (!canSayBiases(config)) {
    throw new PlumbError(
      `the model has biases that config.json of ${config.architecture} cannot say, so it cannot be saved`,
      { hint: "They come from an adapter that was trained with lora_bias: use it as an adapter." },
    );
  }
  const tensors = theirWeights(config, weights);
  await writeModelFolder(dir, config, configJson(config, dtype), tensors, tokenizer, dtype, maxShardBytes);
}

/** Writes a model folder, whole or not at all. @param tensors with the names and layouts of the files. */
export const writeModelFolder = (
  dir: string,
  config: ModelConfig,
  json: object,
  tensors: ReadonlyMap<string, SavedTensor>,
  tokenizer: Tokenizer | undefined,
  dtype: FloatDtype,
  maxShardBytes: number,
): Promise<void> =>
  writeFolderAtomically(dir, async (tmp) => {
    await writeFile(join(tmp, "config.json"), withFloats(jsonText(json)));
    const files = { ...generationFile(config), ...tokenizer?.files };
    for (const [name, text] of Object.entries(files)) await writeFile(join(tmp, name), text);
    await writeSafetensorsFolder(tmp, "model", tensors, dtype, maxShardBytes);
  });

/** config.json in a form for transformers 4 and 5. */
export function configJson(config: ModelConfig, dtype: FloatDtype): object {
  const { name, causal, classifier, write } = architectureOf(config);
  const scored = config.head === "score";
  return {
    architectures: [scored ? classifier : causal],
    model_type: name,
    ...write(config),
    ...(scored && { id2label: { 0: "reward" }, label2id: { reward: 0 } }),
    ...tokenIdsJson(config),
    initializer_range: 0.02,
    use_cache: true,
    torch_dtype: DTYPE_NAMES[dtype],
    dtype: DTYPE_NAMES[dtype],
  };
}

function tokenIdsJson({ bosId, eosIds, padId }: ModelConfig): object {
  return {
    bos_token_id: bosId ?? null,
    eos_token_id: eosIds.length > 1 ? eosIds : (eosIds[0] ?? null),
    pad_token_id: padId ?? null,
  };
}

const GENERATION_FILE = "generation_config.json";

/** generation_config.json, which names the tokens that end an answer, as a file: name to text. */
export const generationFile = (config: ModelConfig): Record<string, string> => ({
  [GENERATION_FILE]: jsonText({ _from_model_config: true, ...tokenIdsJson(config) }),
});

/** Fields for which transformers 5 requires floats; JSON.stringify writes 30.0 as 30. */
const FLOAT_FIELDS = /("(?:(?:attn|final)_logit_softcapping|swiglu_(?:limit|alpha))": \d+)(?=,?\n)/g;
const withFloats = (json: string): string => json.replace(FLOAT_FIELDS, "$1.0");

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
