import { modelReward, type RewardSource } from "../algorithms/reward-sources.js";
import type { Notices } from "../base/host.js";
import { copyTrainable, frozenNetwork, fullNetwork } from "../model/create.js";
import { withGradients } from "../model/int8/gradients.js";
import { flatParameters, type LoraConfig, type Network } from "../model/network.js";
import {
  baseKey,
  openRewardModel,
  type RewardModel,
  readThrough,
  type SharedBase,
} from "../model/reward-model.js";
import { NetworkRunner } from "../model/runner.js";
import type { Batching } from "../model/score.js";
import { checkSameTokens } from "../open/same-tokens.js";
import type { Runtime } from "../runtime/runtime.js";
import { broughtTokenizer, type NetworkBase, type TrainingBase, trainableNetwork } from "./base.js";

/** Reward models, over one copy of the base if they share it. @throws PlumbError if the policy's tokenizer differs. */
export async function openRewardModels(
  runtime: Runtime,
  base: TrainingBase,
  dirs: readonly string[],
  notices: Pick<Notices, "warn">,
): Promise<RewardModel[]> {
  const { config, sourceWeights: weights } = base;
  const tokenizer = broughtTokenizer(base) ? base.sourceTokenizer : base.tokenizer;
  const own: SharedBase = {
    config,
    weights,
    ...(tokenizer && { tokenizer }),
    ...(base.int8 && { int8: base.int8 }),
  };
  const shared = new Map([[baseKey(base.source), own]]);
  const models: RewardModel[] = [];
  for (const dir of dirs) {
    const model = await openRewardModel(runtime, dir, { shared, notices });
    checkSameTokens(base, model, dir);
    models.push(model);
  }
  return models;
}

export function rewardSources(
  models: readonly RewardModel[],
  dirs: readonly string[],
  weights: readonly number[],
  batching: Batching,
): RewardSource[] {
  return models.map((model, i) => {
    const { runner, mean, std } = model;
    const through = (ids: readonly number[]) => readThrough(model, ids);
    const name = sourceName(dirs[i], models.length, i);
    return modelReward(name, weights[i] ?? 1, runner, { mean, std }, batching, through);
  });
}

const sourceName = (dir: string, count: number, i: number): string =>
  count === 1 ? "model" : `${dir.replace(/[\\/]+(model)?[\\/]*$/, "").replace(/^.*[\\/]/, "")}-${i + 1}`;

/** The value model: a copy of the reward model to train on, or the policy's start with a zero head. */
export async function valueNetwork(
  runtime: Runtime,
  base: TrainingBase,
  model: RewardModel | undefined,
  lora: LoraConfig | null,
  seed: number,
): Promise<Network> {
  if (!model) return trainableNetwork(runtime, base, lora, seed, "zero");
  const { network } = model.runner;
  if (!network.lora) return fullNetwork(runtime, network.config, network.frozen);
  const copy: Network = {
    ...network,
    frozen: await withGradients(runtime, network.config, network.frozen),
    trainable: flatParameters(runtime, network.trainable.specs),
  };
  await copyTrainable(network, copy);
  return copy;
}

/** The reference that KL is measured against: the policy's start, frozen. */
export const referenceRunner = (runtime: Runtime, { config, weights }: NetworkBase): NetworkRunner =>
  new NetworkRunner(runtime, frozenNetwork(runtime, config, weights));
