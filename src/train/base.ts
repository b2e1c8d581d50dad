import { existsSync, readdirSync } from "node:fs";
import { checkWritable } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import type { Notices } from "../base/host.js";
import type { ModelConfig } from "../model/config.js";
import { fullNetwork, loraNetwork } from "../model/create.js";
import { exportMerged } from "../model/export.js";
import type { StoredInt8 } from "../model/int8/stored.js";
import { adaptersTokenizer, withAdaptersEnds } from "../model/load/index.js";
import type { LoraConfig, Network, Weights } from "../model/network.js";
import type { Int8Recipe } from "../model/reward-model.js";
import { generationFile } from "../model/save/index.js";
import {
  type AdapterTensors,
  adapterTensors,
  readAdapter,
  saveAdapter,
  stackAdapters,
} from "../model/stack-adapters.js";
import { type BaseReport, type BaseSettings, chosenWeights } from "../open/base-precision.js";
import type { ChatTemplateSettings } from "../open/model-settings.js";
import {
  mergeAdapter,
  openNetwork,
  tokenizerOf,
  withEnds,
  withTemplateSettings,
} from "../open/open-network.js";
import { resized } from "../open/resize.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";

/** What training starts from: a model, with earlier adapters folded in. */
export interface TrainingBase {
  config: ModelConfig;
  weights: Weights;
  tokenizer: Tokenizer;
  padId: number;
  /** The name of the model without adapters, as it was given. */
  source: string;
  sourceWeights: Weights;
  /** The tokenizer of the model without adapters. */
  sourceTokenizer?: Tokenizer | undefined;
  adapters: readonly string[];
  /** How the model is stored in 8 bits, if it is. */
  int8?: StoredInt8 | undefined;
  /** How to make the 8-bit weights again, if they were rounded for this run. */
  recipe?: Int8Recipe | undefined;
}

/** What a network is built on. */
export type NetworkBase = Pick<TrainingBase, "config" | "weights">;

/**
 * The base that a method's settings ask for. Policy, sampler, reference and reward models share it, so that
 * the ratio of PPO's first epoch stays 1.
 *
 * @param texts token ids of the training data.
 * @throws PlumbError as `chosenWeights` does, and for training all weights in 8 bits.
 */
export async function chosenBase(
  runtime: Runtime,
  base: TrainingBase,
  { lora, ...settings }: BaseSettings & { lora: LoraConfig | null },
  texts: readonly (readonly number[])[],
  notices: Notices,
): Promise<{ base: TrainingBase; report: BaseReport }> {
  checkTrainable(base, { lora, ...settings });
  if (lora === null) return { base, report: { kind: "f32" } };
  const { weights, report, recipe } = await chosenWeights(
    runtime,
    base,
    settings,
    "training",
    async () => texts,
    notices,
  );
  const sourceWeights = base.sourceWeights === base.weights ? weights : base.sourceWeights;
  const alone = base.adapters.length === 0; // otherwise the recipe would make another base
  return { base: { ...base, weights, sourceWeights, ...(alone && { recipe }) }, report };
}

/** @throws PlumbError where all weights are to be trained and the base is in 8 bits. */
export function checkTrainable(
  { int8 }: { int8?: unknown },
  { lora, base }: Pick<BaseSettings, "base"> & { lora: LoraConfig | null },
): void {
  if (lora !== null || (int8 === undefined && base !== "int8")) return;
  throw new PlumbError("a base in 8 bits cannot be trained itself", {
    hint: int8
      ? "Train an adapter on it (--set lora.r=16), or give the model that it was converted from."
      : "Train an adapter on it (--set lora.r=16), or take --base f32.",
  });
}

/** What a run trains on, as its settings name it. */
interface BaseChoice extends ChatTemplateSettings {
  model: string;
  adapter: readonly string[];
  /** Whether tokens that have no row in the model get one. */
  resize: boolean;
  /** What is trained, null for all weights. */
  lora: LoraConfig | null;
}

/**
 * Opens what a run trains: a model with its adapters folded in.
 *
 * @throws PlumbError if an adapter has more than a new one can be saved with.
 */
export async function openBase(
  runtime: Runtime,
  { model, adapter: adapters, resize: addedTokens, lora, ...chat }: BaseChoice,
  notices: Notices,
): Promise<TrainingBase> {
  const opened = await openNetwork(runtime, model, [], { addedTokens, notices });
  const { source, base, int8 } = opened;
  let merged = { config: opened.config, weights: base };
  for (const dir of adapters) {
    if (lora !== null) await readAdapter(dir, merged.config);
    merged = await mergeAdapter(runtime, merged, dir, { notices });
  }
  const fitting = addedTokens ? { ...merged.config, vocabSize: Infinity } : merged.config;
  const own = await adaptersTokenizer(opened.tokenizer, adapters, fitting, notices);
  const tokenizer = withTemplateSettings(tokenizerOf({ source, tokenizer: own }), chat, model);
  const ended = withEnds(await withAdaptersEnds(merged.config, adapters), tokenizer);
  const whole = { ...merged, config: ended, tokenizer, source, int8 };
  const { config, weights } = addedTokens ? await resized(runtime, whole, notices) : whole;
  const sourceWeights = adapters.length === 0 ? weights : base;
  const before = { source, sourceWeights, sourceTokenizer: opened.tokenizer, adapters, int8 };
  return { config, weights, tokenizer, padId: tokenizer.padId, ...before };
}

/** A network to train on the base: a new adapter, or with `lora` null all weights. */
export function trainableNetwork(
  runtime: Runtime,
  { config, weights }: NetworkBase,
  lora: LoraConfig | null,
  seed: number,
  head: "none" | "random" | "zero" = "none",
): Network {
  return lora === null
    ? fullNetwork(runtime, config, weights, seed, head)
    : loraNetwork(runtime, config, weights, lora, seed, head);
}

/** The trained adapter and those it was trained on, stacked into one over the model itself. */
export async function adapterOverSource(base: TrainingBase, network: Network): Promise<AdapterTensors> {
  const earlier = await Promise.all(base.adapters.map((dir) => readAdapter(dir, base.config)));
  return stackAdapters([...earlier, await adapterTensors(network)]);
}

/** The tokenizer that came with an earlier adapter, if one did: a new adapter over the model is saved with it. */
export const broughtTokenizer = ({ tokenizer, sourceTokenizer }: TrainingBase): Tokenizer | undefined =>
  tokenizer.files === sourceTokenizer?.files ? undefined : tokenizer;

/** Saves a trained policy: an adapter over the model, or a whole model. */
export async function savePolicy(dir: string, base: TrainingBase, network: Network): Promise<void> {
  if (network.lora)
    await saveAdapter(dir, await adapterOverSource(base, network), base.source, {
      ...broughtTokenizer(base)?.files,
      ...generationFile(base.config),
    });
  else await exportMerged(dir, network, base.tokenizer);
}

/**
 * Refuses a folder for the trained model that is not empty or cannot be written, before training rather than hours
 * later.
 */
export async function checkOut(out: string | undefined, resume: boolean): Promise<void> {
  if (out === undefined || resume) return;
  await checkWritable(out, "the trained model");
  if (!existsSync(out) || readdirSync(out).length === 0) return;
  throw new PlumbError(`${out} is not empty`, { hint: "Give another --out, or remove that folder." });
}
