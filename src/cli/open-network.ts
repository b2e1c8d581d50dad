/** Models and adapters that a command names, opened and read into memory. */
import { PlumbError } from "../errors.js";
import { Generator } from "../generate/index.js";
import type { ModelConfig } from "../model/config.js";
import { adapterNetwork, frozenNetwork, readWeights, type Weights } from "../model/create.js";
import { mergedWeights } from "../model/export.js";
import { openModel, type WantedHead } from "../model/load/index.js";
import { allocateF32 } from "../model/load/weights.js";
import type { Network } from "../model/network.js";
import { baseKey, type SharedBase } from "../model/reward-model.js";
import { type OrtOptions, OrtRuntime } from "../runtime/ort/index.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";

export interface OpenedNetwork {
  /** The model as it is, or with its last adapter live beside the frozen base. */
  network: Network;
  /** What the network stands on, without its last adapter: the reference of a policy that is trained with LoRA. */
  base: Weights;
  config: ModelConfig;
  /** Absent when the model came without one; see `tokenizerOf`. */
  tokenizer?: Tokenizer;
  /** Fills rows up; never read. */
  padId: number;
  /** What was opened, as it was given. */
  source: string;
}

export interface OpenOptions {
  /** Replaces the context length that the model declares. */
  maxPositions?: number;
  /** Which models are opened; default: language models only. */
  head?: WantedHead;
  /** Models already in memory, by `baseKey`; one that this opens is added. */
  shared?: Map<string, SharedBase>;
}

/** Decoding attends in heads whose size is a multiple of this (ONNX Runtime's GroupQueryAttention). */
const HEAD_MULTIPLE = 16;

/** The runtime of a command; its threads are PLUMB_THREADS or all processors. */
export const createRuntime = (options?: OrtOptions): Runtime => new OrtRuntime(options);

/**
 * Reads a model and its adapters.
 *
 * @param model a .gguf file, a Hugging Face folder or `hf:owner/name`.
 * @param adapters PEFT folders, applied one on another: all but the last are folded into the base.
 * @throws PlumbError when one of them is missing, not sound, or does not fit the others.
 */
export async function openNetwork(
  runtime: Runtime,
  model: string,
  adapters: readonly string[] = [],
  { maxPositions, head, shared }: OpenOptions = {},
): Promise<OpenedNetwork> {
  const {
    config: declared,
    weights,
    tokenizer,
  } = shared?.get(baseKey(model)) ?? (await readModel(runtime, model, head));
  shared?.set(baseKey(model), { config: declared, weights, ...(tokenizer && { tokenizer }) });
  const config = maxPositions === undefined ? declared : { ...declared, maxPositions };
  if (declared.learnedPositions && config.maxPositions > declared.maxPositions) {
    throw new PlumbError(
      `${model} has learned positions for ${declared.maxPositions} tokens, so ${maxPositions} cannot be given to it`,
    );
  }
  let base = weights;
  const alone = shared === undefined;
  for (const dir of adapters.slice(0, -1)) base = await mergeAdapter(runtime, config, base, dir, alone);
  const last = adapters.at(-1);
  const network =
    last === undefined
      ? frozenNetwork(runtime, config, base)
      : await adapterNetwork(runtime, config, base, last);
  const padId = tokenizer?.padId ?? config.padId ?? 0;
  return { network, base, config, ...(tokenizer && { tokenizer }), padId, source: model };
}

async function readModel(runtime: Runtime, model: string, head?: WantedHead): Promise<SharedBase> {
  const { config, weights, tokenizer, close } = await openModel(model, head);
  try {
    return { config, weights: await readWeights(runtime, config, weights), ...(tokenizer && { tokenizer }) };
  } finally {
    await close();
  }
}

/**
 * Base weights with an adapter folded in, W + (alpha / r) B A: what a new adapter is trained on after an earlier one
 * (PPO after SFT). Weights that the adapter leaves alone are shared with the base.
 *
 * @param inPlace writes over the base's weights, which nothing else may use then, instead of beside them.
 */
export async function mergeAdapter(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  dir: string,
  inPlace = false,
): Promise<Weights> {
  const adapted = await adapterNetwork(runtime, config, base, dir);
  const merged = new Map(base);
  for (const [name, { shape, adapted: changed, pieces }] of mergedWeights(adapted)) {
    if (!changed) continue;
    const size = shape.reduce((a, b) => a * b, 1);
    const buffer = inPlace ? merged.get(name)! : runtime.adopt("f32", shape, allocateF32(size), name);
    let done = 0;
    for (const piece of pieces()) {
      (buffer.data() as Float32Array).set(piece, done);
      done += piece.length;
    }
    merged.set(name, buffer);
  }
  return merged;
}

/** The model's tokenizer, which text cannot do without. @throws PlumbError when it came without one. */
export function tokenizerOf(opened: Pick<OpenedNetwork, "tokenizer" | "source">): Tokenizer {
  if (opened.tokenizer !== undefined) return opened.tokenizer;
  throw new PlumbError(`${opened.source} has no tokenizer, so text cannot be given to it`, {
    hint: "Give token ids (input_ids), or put the model's tokenizer.json beside its weights.",
  });
}

/** What samples from an opened model. @throws PlumbError when its heads are of a size that cannot be decoded. */
export function generatorOf(
  runtime: Runtime,
  { network, padId, tokenizer, source }: OpenedNetwork,
): Generator {
  const { headDim } = network.config;
  if (headDim % HEAD_MULTIPLE === 0) return new Generator(runtime, network, padId, tokenizer);
  throw new PlumbError(
    `${source} has attention heads of size ${headDim}; sampling needs a multiple of ${HEAD_MULTIPLE}`,
    { hint: "Log-probabilities and training work with any even size." },
  );
}
