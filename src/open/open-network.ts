/** Models and adapters that a command names, opened and read into memory. */
import { elementCount } from "../base/element-count.js";
import { PlumbError } from "../base/errors.js";
import type { Notices } from "../base/host.js";
import { Generator } from "../generate/index.js";
import { type AdaptedModel, adaptBase } from "../model/adapt-base.js";
import { readAdapterParts } from "../model/adapter-parts.js";
import { longestContext, type ModelConfig } from "../model/config.js";
import { HEAD } from "../model/create.js";
import { mergedWeights } from "../model/export.js";
import { allocateF32 } from "../model/formats/weights.js";
import { isInt8 } from "../model/int8/gradients.js";
import type { StoredInt8 } from "../model/int8/stored.js";
import { adaptersTokenizer, openModel, type WantedHead, withAdaptersEnds } from "../model/load/index.js";
import type { Network, Weights } from "../model/network.js";
import { adaptedNetwork, adapterNetwork } from "../model/read-adapter.js";
import { baseKey, type SharedBase, sharedBase } from "../model/reward-model.js";
import { type OrtOptions, OrtRuntime } from "../runtime/ort/index.js";
import type { TimedRuntime } from "../runtime/profile.js";
import type { Runtime } from "../runtime/runtime.js";
import { type Tokenizer, turnEndOf, withChatSettings } from "../text/index.js";
import type { ChatTemplateSettings } from "./model-settings.js";

/** A model with all its adapters but the last folded in, and of the last one what changes more than linear layers. */
export interface OpenedModel {
  /** The network's frozen weights. */
  base: Weights;
  /** How the base is stored in 8 bits, if it is. */
  int8?: StoredInt8;
  /** The low-rank updates and the head of the last adapter, which are kept apart from the frozen base. */
  adapter?: Pick<AdaptedModel, "update" | "head">;
  /** The model without its last adapter, where it has one: the reference that a policy's KL is measured against. */
  unadapted?: { config: ModelConfig; base: Weights };
  config: ModelConfig;
  /** Absent if the model has none; see `tokenizerOf`. */
  tokenizer?: Tokenizer;
  /** What of the model's files was left out, in words. */
  leftOut?: string;
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
  /** Keeps tokens of the tokenizer for which the model has no row: `resized` gives it one. */
  addedTokens?: boolean;
  /** Told what of a model or an adapter is not used. */
  notices?: Pick<Notices, "warn">;
}

/** The runtime of a command; it uses PLUMB_THREADS threads, or all processors. */
export const createRuntime = (options?: OrtOptions): TimedRuntime => new OrtRuntime(options);

/** Reads a model and its adapters: `openBaseModel`, then `networkOf`. */
export const openNetwork = async (
  runtime: Runtime,
  model: string,
  adapters: readonly string[] = [],
  options: OpenOptions = {},
): Promise<OpenedNetwork> => networkOf(runtime, await openBaseModel(runtime, model, adapters, options));

/** A model with its last adapter, kept apart. */
export const networkOf = (runtime: Runtime, opened: OpenedModel): OpenedNetwork => {
  const { adapter, config, base } = opened;
  return { ...opened, network: adaptedNetwork(runtime, { config, base, ...adapter }) };
};

/**
 * Reads a model and folds all its adapters but the last into it.
 *
 * @param model a .gguf file, a Hugging Face folder or `hf:owner/name`.
 * @param adapters PEFT folders, applied in this order.
 * @throws PlumbError if one of them is missing, damaged, or does not fit the others; if the last is a reward model's and
 * only a language model is wanted.
 */
export async function openBaseModel(
  runtime: Runtime,
  model: string,
  adapters: readonly string[] = [],
  { maxPositions, head, shared, chat, addedTokens, notices }: OpenOptions = {},
): Promise<OpenedModel> {
  // 1. The model itself, from memory where it was opened before.
  const opened = shared?.get(baseKey(model)) ?? (await readModel(runtime, model, head, addedTokens));
  shared?.set(baseKey(model), opened);
  if (opened.leftOut !== undefined) notices?.warn(`${model}: left out: ${opened.leftOut}`);
  if (opened.guessed !== undefined) notices?.warn(`${model}: ${opened.guessed}`);

  // 2. All adapters but the last, folded in.
  let merged = { config: withContext(opened.config, maxPositions, model), weights: opened.weights };
  const alone = shared === undefined;
  for (const dir of adapters.slice(0, -1))
    merged = await mergeAdapter(runtime, merged, dir, { inPlace: alone, notices });

  // 3. The last one, kept apart.
  const whole = { config: merged.config, base: merged.weights };
  const last = adapters.at(-1);
  const adapted = last === undefined ? whole : await withLastAdapter(runtime, whole, last, head, notices);

  // 4. The tokenizer of the model with its adapters, and the tokens that end an answer.
  const fitting = addedTokens ? { ...adapted.config, vocabSize: Infinity } : adapted.config;
  const own = await adaptersTokenizer(opened.tokenizer, adapters, fitting, notices);
  const tokenizer = own && chat ? withTemplateSettings(own, chat, model) : own;
  const config = withEnds(await withAdaptersEnds(adapted.config, adapters), tokenizer);

  return {
    ...adapted,
    config,
    padId: tokenizer?.padId ?? opened.config.padId ?? 0,
    source: model,
    ...(tokenizer && { tokenizer }),
    ...(opened.int8 && { int8: opened.int8 }),
    ...(opened.leftOut !== undefined && { leftOut: opened.leftOut }),
    // One object where the adapter left the base as it was.
    ...(last !== undefined && { unadapted: adapted.config === whole.config ? { ...whole, config } : whole }),
  };
}

/** The configuration with another context length. @throws PlumbError if the model cannot have one that long. */
function withContext(declared: ModelConfig, maxPositions: number | undefined, model: string): ModelConfig {
  const config = { ...declared, ...(maxPositions !== undefined && { maxPositions }) };
  const longest = longestContext(declared);
  if (longest === undefined || config.maxPositions <= longest) return config;
  const what = declared.learnedPositions ? "learned positions" : "longrope, which is read";
  throw new PlumbError(`${model} has ${what} for ${longest} tokens, so it cannot take ${maxPositions}`);
}

/** A model with an adapter that is not folded in. @throws PlumbError if it is a reward model's and `head` is not "any". */
async function withLastAdapter(
  runtime: Runtime,
  { config, base }: Pick<OpenedModel, "config" | "base">,
  dir: string,
  head: WantedHead | undefined,
  notices: OpenOptions["notices"],
): Promise<Pick<OpenedModel, "config" | "base" | "adapter">> {
  const parts = await readAdapterParts(dir, config);
  for (const warning of parts.warnings) notices?.warn(warning);
  if (parts.replaced.has(HEAD) && head !== "any") throw headWouldBeLost(dir);
  const { update, head: scalar, ...adapted } = await adaptBase(runtime, config, base, parts);
  return { ...adapted, adapter: { ...(update && { update }), ...(scalar && { head: scalar }) } };
}

/** A scalar head scores texts; it has no place in a model of language. */
const headWouldBeLost = (dir: string): PlumbError =>
  new PlumbError(`${dir} is the adapter of a reward model, whose head would be lost`, {
    hint: "Give it as a reward model, or as the last adapter of plumb convert.",
  });

/** The tokenizer with a command's settings for its template. @throws PlumbError for a variable that it does not have */
export const withTemplateSettings = (
  tokenizer: Tokenizer,
  { templateVars, templateDate }: ChatTemplateSettings,
  model: string,
): Tokenizer => withChatSettings(tokenizer, { variables: templateVars, date: templateDate }, model);

/**
 * The configuration with all tokens that end an answer: those of the model's files, and the end of its template's
 * turns.
 */
export function withEnds(config: ModelConfig, tokenizer: Tokenizer | undefined): ModelConfig {
  const { eosIds, vocabSize } = config;
  if (tokenizer?.chatTemplate === undefined) return config;
  try {
    const { id } = turnEndOf(tokenizer);
    return id === undefined || id >= vocabSize || eosIds.includes(id)
      ? config
      : { ...config, eosIds: [...eosIds, id] };
  } catch (error) {
    // A template that refuses a plain conversation says so where one is rendered.
    if (error instanceof PlumbError) return config;
    throw error;
  }
}

async function readModel(
  runtime: Runtime,
  model: string,
  head?: WantedHead,
  addedTokens?: boolean,
): Promise<SharedBase> {
  const files = await openModel(model, head, addedTokens);
  try {
    return await sharedBase(runtime, files);
  } finally {
    await files.close();
  }
}

/**
 * A model with an adapter folded in: the base of a new adapter that is trained after an earlier one (PPO after SFT).
 * Weights that the adapter leaves alone are shared with the base.
 *
 * @param options.inPlace overwrites the base's weights, which nothing else may use then, instead of allocating new ones.
 * @throws PlumbError if the adapter does not fit, or has a scalar head, which cannot be folded in.
 */
export async function mergeAdapter(
  runtime: Runtime,
  { config: model, weights: base }: { config: ModelConfig; weights: Weights },
  dir: string,
  { inPlace = false, notices }: { inPlace?: boolean; notices?: Pick<Notices, "warn"> | undefined } = {},
): Promise<{ config: ModelConfig; weights: Weights }> {
  if (isInt8(base)) {
    throw new PlumbError(`the adapter ${dir} cannot be folded into a model that is stored in 8 bits`, {
      hint: "Fold it in while converting: plumb convert --model ORIGINAL --adapter DIR --quantize int8.",
    });
  }
  const adapted = await adapterNetwork(runtime, model, base, dir, notices);
  if (adapted.trainable.byName.has(HEAD)) throw headWouldBeLost(dir);
  const merged = new Map(adapted.frozen);
  for (const [name, { shape, adapted: changed, pieces }] of mergedWeights(adapted)) {
    if (!changed) continue;
    const size = elementCount(shape);
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
  return { config: adapted.config, weights: merged };
}

/** The model's tokenizer, for work on text. @throws PlumbError if the model has none. */
export function tokenizerOf(opened: Pick<OpenedNetwork, "tokenizer" | "source">): Tokenizer {
  if (opened.tokenizer !== undefined) return opened.tokenizer;
  throw new PlumbError(`${opened.source} has no tokenizer, so text cannot be given to it`, {
    hint: "Give token ids (input_ids), or put the model's tokenizer.json next to its weights.",
  });
}

/** A generator that samples from an opened model. */
export const generatorOf = (runtime: Runtime, opened: OpenedNetwork): Generator =>
  new Generator(runtime, opened.network, opened.padId, opened.tokenizer);
