/** What the methods share that compare responses and train the policy alone: their settings, and the run. */
import type { z } from "zod";
import type { PromptTokens, Rollout } from "../algorithms/rollout.js";
import type { Step } from "../algorithms/step.js";
import { dividedBy } from "../algorithms/training-config.js";
import type { Json } from "../artifacts/index.js";
import type { LoraConfig } from "../model/network.js";
import { NetworkTrainer, type TrainerConfig } from "../model/runner.js";
import { warmupSteps } from "../optim/index.js";
import { trainableNetwork } from "./base.js";
import type { Job } from "./method.js";
import {
  actorsOf,
  answersBefore,
  doubtOf,
  finishOnline,
  type OnlineActors,
  type OnlineConfig,
  type OnlineFigures,
  openRewards,
} from "./online-run.js";
import { type OnlineData, onlineSettings } from "./online-settings.js";
import { dataSettings, memorySettings, modelSettings, runSettings } from "./settings.js";
import type { TrainingLoop } from "./training-loop.js";

/** The algorithm's settings with those of a run; groups and mini-batches must divide the batch. */
export const groupMethodSchema = <
  S extends z.ZodRawShape & Record<"batchSize" | "groupSize" | "miniBatches", z.ZodType>,
>(
  algorithm: z.ZodObject<S>,
) =>
  dividedBy(
    algorithm.extend({
      ...modelSettings,
      ...dataSettings,
      ...memorySettings,
      ...onlineSettings,
      ...runSettings,
    }),
    "batchSize",
    ["groupSize", "miniBatches"],
  );

/** Prompts per batch. */
export const promptsOf = ({ batchSize, groupSize }: { batchSize: number; groupSize: number }): number =>
  batchSize / groupSize;

type GroupJob = Job<
  OnlineConfig & TrainerConfig & { lora: LoraConfig | null; iterations: number; warmupRatio: number },
  OnlineData
>;

/** An algorithm at work: its iterations, and the state that it needs to go on, where the number of those is not enough. */
interface Running<R extends Rollout> {
  steps: AsyncIterable<Step<R>>;
  state?: () => Json;
}

/**
 * Trains a policy against rewards, and compares its end with its start.
 *
 * @param title the method's name on the curves. @param start the algorithm, from where the session stands.
 * @param shown a response as samples.jsonl shows it.
 */
export async function runGroups<R extends Rollout>(
  job: GroupJob,
  title: string,
  start: (setup: OnlineActors & { prompts: readonly PromptTokens[] }, session: TrainingLoop) => Running<R>,
  shown: (response: R) => object,
): Promise<OnlineFigures | undefined> {
  const { runtime, base, data, config, session } = job;

  // 1. Rewards, policy, reference.
  const { rewards } = await openRewards(job);
  const network = trainableNetwork(runtime, base, config.lora, config.seed);
  const policy = new NetworkTrainer(runtime, network, config);
  const trainers = { policy };
  await session.restore(trainers);
  const actors = actorsOf(job, policy, rewards);

  // 2. The policy's answers before the first update.
  const before = await answersBefore(job, actors);

  // 3. The algorithm.
  const { steps, ...own } = start({ ...actors, prompts: data.train }, session);
  const finished = await session.train(steps, {
    trainers,
    steps: config.iterations,
    warmup: warmupSteps(config.iterations, config),
    unit: "iterations",
    figures: (metrics) => ({ reward: metrics["objective/scores"], KL: metrics["objective/kl"] }),
    doubt: (metrics) => doubtOf(metrics, config),
    shown,
    ...own,
  });
  if (!finished) return undefined;

  // 4. Compare the end with the start, on prompts kept from training.
  return finishOnline(job, actors, network, before, title);
}
