/** PPO on files of prompts, against reward models and reward functions. */
import { z } from "zod";
import { ppo, ppoSchema } from "../../algorithms/ppo.js";
import { sampleOf } from "../../algorithms/ppo-metrics.js";
import { dividedBy, exclusive } from "../../algorithms/training-config.js";
import { promptCompletion } from "../../model/batch.js";
import { NetworkTrainer } from "../../model/runner.js";
import { calibrateValueHead } from "../../model/value-head.js";
import { warmupSteps } from "../../optim/index.js";
import { mean } from "../../statistics/estimates.js";
import { trainableNetwork } from "../base.js";
import { defineMethod } from "../method.js";
import { foreseeOnline, heaviestIteration } from "../online-forecast.js";
import { valueNetwork } from "../online-networks.js";
import {
  actorsOf,
  answersBefore,
  batchingOf,
  doubtOf,
  finishOnline,
  openRewards,
  reportOnline,
  sampleAnswers,
} from "../online-run.js";
import { encodeOnline, onlineSettings, readOnline } from "../online-settings.js";
import { dataSettings, memorySettings, modelSettings, runSettings } from "../settings.js";

const settings = ppoSchema.extend({
  ...modelSettings,
  ...dataSettings,
  ...memorySettings,
  ...onlineSettings,
  ...runSettings,
});
const schema = exclusive(
  dividedBy(settings, "batchSize", ["miniBatches"]),
  "missingEosPenalty",
  "missingEosScore",
);

/** Prompts whose responses set the value model's starting level when none are kept for the comparison. */
const CALIBRATION_PROMPTS = 16;

export const ppoMethod = defineMethod({
  name: "ppo",
  description:
    "Optimises a policy with PPO: rewards from reward models, from your own functions, or both; the KL to the starting " +
    "model is part of the reward. Compares the end with the start on prompts that it was not trained on.",
  examples: [
    {
      command:
        "plumb ppo --model m.gguf --reward-model runs/reward/model --data prompts.jsonl --set lora.r=16",
      does: "train a LoRA adapter",
    },
    {
      command: "plumb ppo --model m.gguf --data prompts.jsonl --reward-functions '[{module: ./brevity.mjs}]'",
      does: "with a reward of your own: export default (responses) => responses.map(({ ids }) => -ids.length)",
    },
    {
      command: "plumb ppo recipes/smollm2-hh.yaml --name hh --resume",
      does: "resume an interrupted run",
    },
  ],
  schema,

  read: readOnline,
  encode: encodeOnline,

  heaviest: (model, { train }, config) =>
    heaviestIteration(model, train, config.batchSize, config, ({ valueModel, ...actors }) => {
      const once = { ...config, iterations: 1, klBudget: null };
      return ppo({ ...actors, value: valueModel() }, once, { iteration: 0, beta: 0 }).next();
    }),

  foresee: async (model, { train }, config, heaviest) =>
    foreseeOnline(model, train, config.batchSize, config, heaviest),

  async run(job) {
    const { runtime, base, data, config, session } = job;
    const { train, evaluation } = data;

    // 1. Rewards.
    const { models, rewards } = await openRewards(job);

    // 2. Policy, reference and value model.
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const policy = new NetworkTrainer(runtime, network, config);
    const start = config.valueFrom === "reward" ? models[0] : undefined;
    const valueStart = await valueNetwork(runtime, base, start, config.lora, config.seed);
    const value = new NetworkTrainer(runtime, valueStart, config);
    const trainers = { policy, value };
    await session.restore(trainers);
    const actors = actorsOf(job, policy, rewards);

    // 3. The policy's answers before the first update; the value model starts at their level.
    const before = await answersBefore(job, actors);
    if (start && session.step === 0) {
      const known = before.length > 0 ? evaluation : train.slice(0, CALIBRATION_PROMPTS);
      const samples = before.length > 0 ? before : await sampleAnswers(job, actors, known);
      const sequences = samples.map(({ ids }, i) => promptCompletion(known[i].ids, ids));
      const rewards = samples.flatMap(({ reward }) => reward ?? []);
      await calibrateValueHead(value, sequences, batchingOf(base, config), {
        scale: (config.rewardWeights[0] ?? 1) / start.std,
        mean: rewards.length > 0 ? mean(rewards) : 0,
      });
    }

    // 4. PPO.
    const saved = session.algorithmState;
    const state =
      saved === undefined ? { iteration: 0, beta: config.klCoefficient } : stateSchema.parse(saved);
    const finished = await session.train(ppo({ ...actors, value, prompts: train }, config, state), {
      trainers,
      steps: config.iterations,
      warmup: warmupSteps(config.iterations, config),
      unit: "iterations",
      figures: (metrics) => ({ reward: metrics["objective/scores"], KL: metrics["objective/kl"] }),
      doubt: (metrics) => doubtOf(metrics, config),
      state: () => ({ ...state }),
      shown: sampleOf,
    });
    if (!finished) return undefined;

    // 5. Compare the end with the start, on prompts kept from training.
    const figures = await finishOnline(job, actors, network, before, "PPO");
    return { ...figures, klBudget: config.klBudget, klCoefficient: state.beta };
  },

  report: reportOnline,
});

const stateSchema = z.object({ iteration: z.number().int().nonnegative(), beta: z.number() });
