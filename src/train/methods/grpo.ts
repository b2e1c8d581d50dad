/** GRPO on files of prompts, against reward models and reward functions. */
import { z } from "zod";
import { grpo, grpoSchema } from "../../algorithms/grpo.js";
import { shownResponse } from "../../algorithms/rollout-metrics.js";
import { dividedBy } from "../../algorithms/training-config.js";
import { NetworkTrainer } from "../../model/runner.js";
import { warmupSteps } from "../../optim/index.js";
import { trainableNetwork } from "../base.js";
import { defineMethod } from "../method.js";
import { foreseeOnline, heaviestIteration } from "../online-forecast.js";
import { actorsOf, answersBefore, doubtOf, finishOnline, openRewards, reportOnline } from "../online-run.js";
import { encodeOnline, onlineSettings, readOnline } from "../online-settings.js";
import { dataSettings, memorySettings, modelSettings, runSettings } from "../settings.js";

const schema = dividedBy(
  grpoSchema.extend({
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
const promptsOf = ({ batchSize, groupSize }: { batchSize: number; groupSize: number }): number =>
  batchSize / groupSize;

export const grpoMethod = defineMethod({
  name: "grpo",
  description:
    "Optimises a policy with GRPO: each response is compared with the others to its prompt, so there is no value model to " +
    "train; the KL to the starting model is part of the loss. Rewards come from reward models, from your own functions, or " +
    "both. --loss-type, --scale-rewards, --epsilon-high and --max-samplings turn it into Dr. GRPO or DAPO.",
  examples: [
    {
      command:
        "plumb grpo --model m.gguf --data prompts.jsonl --reward-functions '[{module: ./right-answer.mjs}]' --set lora.r=16",
      does: "train a LoRA adapter with a reward of your own",
    },
    {
      command:
        "plumb grpo --model m.gguf --reward-model runs/reward/model --data prompts.jsonl --loss-type dr_grpo --scale-rewards none",
      does: "Dr. GRPO against a reward model",
    },
    {
      command:
        "plumb grpo ... --loss-type dapo --epsilon-high 0.28 --max-samplings 4 --beta 0 --overlong-buffer 16",
      does: "DAPO",
    },
  ],
  schema,
  read: readOnline,
  encode: encodeOnline,

  heaviest: (model, { train }, config) =>
    heaviestIteration(model, train, promptsOf(config), config, (actors) =>
      grpo(actors, { ...config, iterations: 1 }, { iteration: 0, batches: 0 }).next(),
    ),

  foresee: async (model, { train }, config, heaviest) =>
    foreseeOnline(model, train, promptsOf(config), config, heaviest),

  async run(job) {
    const { runtime, base, data, config, session } = job;

    // 1. Rewards, policy, reference.
    const { rewards } = await openRewards(job);
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const policy = new NetworkTrainer(runtime, network, config);
    session.restore({ policy });
    const actors = actorsOf(job, policy, rewards);

    // 2. The policy's answers before the first update.
    const before = await answersBefore(job, actors);

    // 3. GRPO.
    const saved = session.algorithmState;
    const state = saved === undefined ? { iteration: 0, batches: 0 } : stateSchema.parse(saved);
    const finished = await session.train(grpo({ ...actors, prompts: data.train }, config, state), {
      trainers: { policy },
      steps: config.iterations,
      warmup: warmupSteps(config.iterations, config),
      unit: "iterations",
      figures: (metrics) => ({ reward: metrics["objective/scores"], KL: metrics["objective/kl"] }),
      doubt: (metrics) => doubtOf(metrics, config),
      state: () => ({ ...state }),
      shown: (r) => ({ ...shownResponse(r, r.score), advantage: r.advantage }),
    });
    if (!finished) return undefined;

    // 4. Compare the end with the start, on prompts kept from training.
    return finishOnline(job, actors, network, before, "GRPO");
  },

  report: reportOnline,
});

const stateSchema = z.object({
  iteration: z.number().int().nonnegative(),
  batches: z.number().int().nonnegative(),
});
