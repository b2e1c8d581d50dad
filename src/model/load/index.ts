/** Opens models: a GGUF file (or several that are one model), a Hugging Face folder, or a model on the hub. */
import { existsSync, statSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { nearestName, PlumbError } from "../../base/errors.js";
import { loadTokenizer, type Tokenizer } from "../../text/tokenizer.js";
import { ourWeights } from "../architectures/names.js";
import type { ModelConfig } from "../config.js";
import { firstPartOf, openGgufParts } from "../formats/gguf-split.js";
import { withMxfp4 } from "../formats/mxfp4.js";
import type { SafetensorsWeights } from "../formats/safetensors.js";
import { openSafetensorsFolder } from "../formats/safetensors-folder.js";
import type { WeightSource } from "../formats/weights.js";
import { checkNoInt8, checkStoredTensors, type StoredInt8 } from "../int8/stored.js";
import { checkedConfig, checkTokenizer, checkWeights, withinRows } from "./checks.js";
import { ggufArchitecture, ggufConfig } from "./gguf-config.js";
import { ggufTokenizer, guessedOf } from "./gguf-tokenizer.js";
import { ggufWeights } from "./gguf-weights.js";
import { fetchFromHub } from "./hub.js";
import { readHuggingFaceConfig } from "./huggingface.js";
import { leftOutTensors } from "./unused-tensors.js";

export type { WeightSource } from "../formats/weights.js";
export { withAdaptersEnds } from "./adapter-ends.js";
export { adaptersTokenizer } from "./adapter-tokenizer.js";
export { checkTokenizer } from "./checks.js";
export { type AdaptableModule, ranksOf, targetsOf } from "./module-patterns.js";
export { openPeftAdapter, type PeftAdapter, readAdapterConfig } from "./peft.js";

/** An opened model. Every weight that its configuration requires is present and has the right shape. */
export interface ModelFiles {
  config: ModelConfig;
  weights: WeightSource;
  /** Undefined if the file or folder has none. */
  tokenizer?: Tokenizer;
  /** Given if the weights are stored in 8 bits: their description and reader, for `readModelWeights`. */
  int8?: { description: StoredInt8; weights: SafetensorsWeights };
  /** The path or id, as the caller gave it. */
  source: string;
  /** What of the files was guessed, in words. */
  guessed?: string;
  /** What of the files has no part in the model and is left out, in words. */
  leftOut?: string;
  /** Closes the files; `weights` can no longer be read. */
  close(): Promise<void>;
}

/** The head that the model must have: a language-model head, or either that or a scalar head. */
export type WantedHead = "language-model" | "any";

/**
 * Opens a model.
 *
 * @param pathOrId a .gguf file, any part of one that was split, a folder with config.json or with one GGUF model, or
 * `hf:owner/name[@revision]`.
 * @param addedTokens keeps tokens of the tokenizer for which the model has no row, which it gets then; without, texts
 * that hold one are refused.
 * @throws PlumbError if it is missing, not supported, invalid or has another head; no file stays open then.
 */
export async function openModel(
  pathOrId: string,
  head: WantedHead = "language-model",
  addedTokens = false,
): Promise<ModelFiles> {
  const wanted = { head, addedTokens };
  if (pathOrId.startsWith("hf:"))
    return openFolder(await fetchFromHub(pathOrId.slice("hf:".length)), pathOrId, wanted);
  if (!existsSync(pathOrId)) throw await missing(pathOrId);
  if (statSync(pathOrId).isDirectory()) return openFolder(pathOrId, pathOrId, wanted);
  if (pathOrId.endsWith(".safetensors")) return openFolder(dirname(pathOrId), pathOrId, wanted);
  if (!pathOrId.endsWith(".gguf")) await checkIsGguf(pathOrId);
  return openGgufModel(pathOrId, wanted);
}

interface Wanted {
  head: WantedHead;
  addedTokens: boolean;
}

/** @throws PlumbError for a file of another kind, which no name calls a GGUF file, saying what it may be. */
async function checkIsGguf(path: string): Promise<void> {
  const file = await open(path);
  const head = Buffer.alloc(4);
  try {
    await file.read(head, 0, head.length, 0);
  } finally {
    await file.close();
  }
  if (head.toString("latin1") === "GGUF") return;
  const folder = dirname(path);
  const isPart = existsSync(join(folder, "config.json"));
  const isData = /\.(jsonl|ndjson|json|csv|tsv|parquet)(\.gz)?$/.test(path);
  throw new PlumbError(`${path} is not a model: it is not a GGUF file.`, {
    hint: isPart
      ? `Give the whole folder of the model: ${folder}.`
      : `${isData ? "By its name it holds rows of data: give it as --data. As the model, give" : "Give"} ${MODELS}.`,
  });
}

const MODELS = "a .gguf file, a Hugging Face folder or hf:owner/name";

async function openGgufModel(path: string, { addedTokens }: Wanted): Promise<ModelFiles> {
  const file = await openGgufParts(path);
  try {
    const config = checkedConfig(await ggufConfig(file), path);
    const weights = ggufWeights(file, ggufArchitecture(file), config);
    const tokenizer = ggufTokenizer(file);
    checkWeights(config, weights, path);
    checkTokenizer(config, tokenizer, path, addedTokens);
    const guessed = guessedOf(file);
    return {
      ...(guessed !== undefined && { guessed }),
      config,
      weights,
      tokenizer: addedTokens ? tokenizer : tokenizer && withinRows(config, tokenizer, path),
      source: path,
      close: () => weights.close(),
    };
  } catch (error) {
    await file.weights.close();
    throw error;
  }
}

async function openFolder(dir: string, source: string, wanted: Wanted): Promise<ModelFiles> {
  const { head, addedTokens } = wanted;
  if (!existsSync(join(dir, "config.json"))) {
    const files = await ggufFiles(dir);
    const isAdapter = existsSync(join(dir, "adapter_config.json"));
    if (files.length === 1 && !isAdapter) return { ...(await openGgufModel(files[0], wanted)), source };
    throw await notAModel(dir, files);
  }
  const { config: declared, int8: description, packed } = await readHuggingFaceConfig(dir);
  const config = checkedConfig(declared, join(dir, "config.json"));
  if (config.head === "score" && head === "language-model") {
    throw new PlumbError(
      `${source} is a reward model (sequence classification): it has no language-model head.`,
      {
        hint: "Give it as a reward model, or give the language model that it was trained from.",
      },
    );
  }
  const whole = existsSync(join(dir, "tokenizer.json")) ? await loadTokenizer(dir) : undefined;
  checkTokenizer(config, whole, dir, addedTokens);
  const tokenizer = addedTokens ? whole : whole && withinRows(config, whole, dir);
  const stored = await openSafetensorsFolder(dir, "model");
  const files = packed ? withMxfp4(stored, dir) : stored;
  const close = () => files.close();
  try {
    if (description !== undefined) {
      checkStoredTensors(config, description, files, dir);
      return { config, weights: files, int8: { description, weights: files }, tokenizer, source, close };
    }
    checkNoInt8(files, dir);
    const weights = ourWeights(config, files, dir);
    checkWeights(config, weights, dir);
    const leftOut = await leftOutTensors(config, files, dir);
    return { config, weights, tokenizer, source, close, ...(leftOut !== undefined && { leftOut }) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function missing(path: string): Promise<PlumbError> {
  const folder = dirname(path);
  const beside = existsSync(folder) ? await readdir(folder) : [];
  const models = beside.filter(
    (name) => name.endsWith(".gguf") || existsSync(join(folder, name, "config.json")),
  );
  const near = nearestName(basename(path), models);
  const others = models.slice(0, 5).join(", ");
  return new PlumbError(`There is no model at ${path}.`, {
    hint:
      near !== undefined
        ? `Did you mean ${join(folder, near)}?`
        : `Give ${MODELS}.${others && ` In ${folder} there are ${others}.`}`,
  });
}

/** The GGUF files of a folder; of one that was split, the first part that is there. */
async function ggufFiles(dir: string): Promise<string[]> {
  const all = (await readdir(dir)).filter((name) => name.endsWith(".gguf")).sort();
  const sets = all.map((name) => firstPartOf(name) ?? name);
  return all.filter((_, i) => sets.indexOf(sets[i]) === i).map((name) => join(dir, name));
}

async function notAModel(dir: string, ggufs: readonly string[]): Promise<PlumbError> {
  const names = await readdir(dir);
  if (names.includes("adapter_config.json")) {
    return new PlumbError(`${dir} holds a PEFT adapter, not a whole model.`, {
      hint: "Give the model it was trained on, and this folder as the adapter.",
    });
  }
  return new PlumbError(`${dir} has no config.json, so it is not a Hugging Face model folder.`, {
    hint:
      ggufs.length > 0
        ? `It holds several GGUF models; give one of them: ${ggufs.slice(0, 5).join(", ")}`
        : undefined,
  });
}
