/** The demo's GRPO: answers to a prompt compared with one another by the reward model, without a value model. */
import { z } from "zod";
import { grpo } from "../algorithms/grpo.js";
import { modelReward } from "../algorithms/reward-sources.js";
import { Generator } from "../generate/index.js";
import { fullNetwork } from "../model/create.js";
import { type NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { restoreTrainer, trainerTensors } from "../model/trainer-state.js";
import { type StageWork, UNSAVED } from "../pipeline/index.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { type DemoConfig, wholeModel } from "./config.js";
import { trainingPrompts } from "./optimise.js";
import { type StepEvent, stepOf } from "./phases.js";
import { type TrainedReward, weightsOf } from "./training.js";

/** Settings of the demo on which GRPO depends. */
export type GroupSettings = Pick<DemoConfig, "seed" | "grpo" | "ppoTopics" | "temperature">;

const stateSchema = z.object({
  iteration: z.number().int().nonnegative(),
  batches: z.number().int().nonnegative(),
  updates: z.number().int().nonnegative(),
});

/** Optimises a copy of the starting policy, tethered to the SFT model. */
export async function* optimiseGroups(
  runtime: Runtime,
  { reference, start }: { reference: NetworkRunner; start: NetworkRunner },
  tokenizer: Tokenizer,
  { scorer, scale }: TrainedReward,
  config: GroupSettings,
  work: StageWork = UNSAVED,
): AsyncGenerator<StepEvent, NetworkRunner> {
  const { temperature, grpo: settings } = config;
  const { padId } = tokenizer;
  const { microBatchSize: rows, packing, iterations, batchSize, groupSize, maxSamplings } = settings;
  const network = fullNetwork(runtime, start.network.config, weightsOf(start.network));
  const policy = new NetworkTrainer(runtime, network, settings);
  const generator = new Generator(runtime, policy.network, padId, tokenizer);
  const prompts = trainingPrompts(tokenizer, config, (iterations * maxSamplings * batchSize) / groupSize);
  const rewards = [modelReward("reward_model", 1, scorer, scale, { rows, padId, packing })];

  // Resume from what an interrupted run saved.
  const saved = work.saved && stateSchema.parse(work.saved.state);
  if (work.saved && saved) await restoreTrainer("policy", policy, work.saved.tensors, saved.updates);
  const state = { iteration: saved?.iteration ?? 0, batches: saved?.batches ?? 0 };
  work.checkpointBy(async () => ({
    tensors: await trainerTensors("policy", policy),
    state: { ...state, updates: policy.optimizer.steps },
  }));

  // GRPO.
  const setup = { policy, reference, generator, rewards, prompts, padId };
  for await (const step of grpo(setup, { ...settings, temperature, ...wholeModel(config) }, state))
    yield stepOf("grpo", step);
  return policy;
}
