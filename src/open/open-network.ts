/** Models and adapters that a command names, opened and read into memory. */
import { PlumbError } from "../base/errors.js";
import { Generator } from "../generate/index.js";
import type { ModelConfig } from "../model/config.js";
import { frozenNetwork } from "../model/create.js";
import { mergedWeights } from "../model/export.js";
import { allocateF32 } from "../model/formats/weights.js";
import { isInt8 } from "../model/int8/gradients.js";
import type { StoredInt8 } from "../model/int8/stored.js";
import { openModel, type WantedHead } from "../model/load/index.js";
import type { Network, Weights } from "../model/network.js";
import { adapterNetwork } from "../model/read-adapter.js";
import { baseKey, type SharedBase, sharedBase } from "../model/reward-model.js";
import { type OrtOptions, OrtRuntime } from "../runtime/ort/index.js";
import type { TimedRuntime } from "../runtime/profile.js";
import type { Runtime } from "../runtime/runtime.js";
import { type Tokenizer, withChatSettings } from "../text/index.js";
import type { ChatTemplateSettings } from "./model-settings.js";

/** A model with all its adapters but the last folded in. */
export interface OpenedModel {
  /** The network's weights without its last adapter: the reference of a policy that is trained with LoRA. */
  base: Weights;
  /** How the base is stored in 8 bits, if it is. */
  int8?: StoredInt8;
  /** Folder of the last adapter, which is kept apart from the frozen base. */
  adapter?: string;
  config: ModelConfig;
  /** Absent if the model has none; see `tokenizerOf`. */
  tokenizer?: Tokenizer;
  /** The token that pads rows; no result depends on it. */
  padId: number;
  /** The name that was opened, as it was given. */
  source: string;
}

/** A model that was read, as a network that can run. */
export interface OpenedNetwork extends OpenedModel {
  /** The model, with its last adapter if it has one. */
  network: Network;
}

/** How a model is opened; every option may be left out. */
export interface OpenOptions {
  /** Replaces the context length that the model declares, in tokens. */
  maxPositions?: number;
  /** Which models are opened; default: language models only. */
  head?: WantedHead;
  /** What the model's chat template is told. */
  chat?: ChatTemplateSettings;
  /** Models already in memory, by `baseKey`; one that this opens is added. */
  shared?: Map<string, SharedBase>;
}

/** Decoding needs attention heads whose size is a multiple of this (ONNX Runtime's GroupQueryAttention). */
const HEAD_MULTIPLE = 16;

/** The runtime of a command; it uses PLUMB_THREADS threads, or all processors. */
export const createRuntime = (options?: OrtOptions): TimedRuntime => new OrtRuntime(options);

/** Reads a model and its adapters: `openBaseModel`, then `networkOf`. */
export const openNetwork = async (
  runtime: Runtime,
  model: string,
  adapters: readonly string[] = [],
  options: OpenOptions = {},
): Promise<OpenedNetwork> => networkOf(runtime, await openBaseModel(runtime, model, adapters, options));

/** A model with its last adapter, kept apart. @throws PlumbError if the adapter is damaged or for another model. */
export const networkOf = async (runtime: Runtime, opened: OpenedModel): Promise<OpenedNetwork> => {
  const { adapter, config, base } = opened;
  const network =
    adapter === undefined
      ? frozenNetwork(runtime, config, base)
      : await adapterNetwork(runtime, config, base, adapter);
  return { ...opened, network };
};

/**
 * Reads a model and folds all its adapters but the last into it.
 *
 * @param model a .gguf file, a Hugging Face folder or `hf:owner/name`.
 * @param adapters PEFT folders, applied in this order.
 * @throws PlumbError if one of them is missing, damaged, or does not fit the others.
 */
export async function openBaseModel(
  runtime: Runtime,
  model: string,
  adapters: readonly string[] = [],
  { maxPositions, head, shared, chat }: OpenOptions = {},
): Promise<OpenedModel> {
  const opened = shared?.get(baseKey(model)) ?? (await readModel(runtime, model, head));
  shared?.set(baseKey(model), opened);
  const { config: declared, weights, int8 } = opened;
  const tokenizer =
    opened.tokenizer && chat ? withTemplateSettings(opened.tokenizer, chat, model) : opened.tokenizer;
  const config = maxPositions === undefined ? declared : { ...declared, maxPositions };
  if (declared.learnedPositions && config.maxPositions > declared.maxPositions) {
    throw new PlumbError(
      `${model} has learned positions for ${declared.maxPositions} tokens, so it cannot take ${maxPositions}`,
    );
  }
  let base = weights;
  const alone = shared === undefined;
  for (const dir of adapters.slice(0, -1)) base = await mergeAdapter(runtime, config, base, dir, alone);
  const adapter = adapters.at(-1);
  const padId = tokenizer?.padId ?? config.padId ?? 0;
  return {
    ...{ base, config, padId, source: model },
    ...(adapter !== undefined && { adapter }),
    ...(tokenizer && { tokenizer }),
    ...(int8 && { int8 }),
  };
}

/** The tokenizer with a command's settings for its template. @throws PlumbError for a variable that it does not have */
export const withTemplateSettings = (
  tokenizer: Tokenizer,
  { templateVars, templateDate }: ChatTemplateSettings,
  model: string,
): Tokenizer => withChatSettings(tokenizer, { variables: templateVars, date: templateDate }, model);

async function readModel(runtime: Runtime, model: string, head?: WantedHead): Promise<SharedBase> {
  const files = await openModel(model, head);
  try {
    return await sharedBase(runtime, files);
  } finally {
    await files.close();
  }
}

/**
 * Base weights with an adapter folded in, W + (alpha / r) B A: the base of a new adapter that is trained after an
 * earlier one (PPO after SFT). Weights that the adapter leaves alone are shared with the base.
 *
 * @param inPlace overwrites the base's weights, which nothing else may use then, instead of allocating new ones.
 */
export async function mergeAdapter(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  dir: string,
  inPlace = false,
): Promise<Weights> {
  if (isInt8(base)) {
    throw new PlumbError(`the adapter ${dir} cannot be folded into a model that is stored in 8 bits`, {
      hint: "Fold it in while converting: plumb convert --model ORIGINAL --adapter DIR --quantize int8.",
    });
  }
  const adapted = await adapterNetwork(runtime, config, base, dir);
  const merged = new Map(base);
  for (const [name, { shape, adapted: changed, pieces }] of mergedWeights(adapted)) {
    if (!changed) continue;
    const size = shape.reduce((a, b) => a * b, 1);
    const buffer = inPlace ? merged.get(name)! : runtime.adopt("f32", shape, allocateF32(size), name);
    let done = 0;
    for await (const piece of pieces()) {
      const part = buffer.view([piece.length], done);
      await part.write(piece);
      part.release();
      done += piece.length;
    }
    merged.set(name, buffer);
  }
  return merged;
}

/** The model's tokenizer, for work on text. @throws PlumbError if the model has none. */
export function tokenizerOf(opened: Pick<OpenedNetwork, "tokenizer" | "source">): Tokenizer {
  if (opened.tokenizer !== undefined) return opened.tokenizer;
  throw new PlumbError(`${opened.source} has no tokenizer, so text cannot be given to it`, {
    hint: "Give token ids (input_ids), or put the model's tokenizer.json next to its weights.",
  });
}

/** A generator that samples from an opened model. @throws PlumbError if decoding does not support its head size. */
export function generatorOf(runtime: Runtime, opened: OpenedNetwork): Generator {
  checkDecodable(opened, "Log-probabilities and training work with any even size.");
  return new Generator(runtime, opened.network, opened.padId, opened.tokenizer);
}

export const isDecodable = ({ headDim }: ModelConfig): boolean => headDim % HEAD_MULTIPLE === 0;

/** @throws PlumbError if decoding does not support the model's head size. */
export function checkDecodable(
  { config, source }: Pick<OpenedModel, "config" | "source">,
  hint: string,
): void {
  if (isDecodable(config)) return;
  throw new PlumbError(
    `${source} has attention heads of size ${config.headDim}; sampling needs a multiple of ${HEAD_MULTIPLE}`,
    { hint },
  );
}
