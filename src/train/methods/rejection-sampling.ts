/** Rejection sampling on files of prompts, by reward models and reward functions. */
import { promptsPerIteration } from "../../algorithms/groups.js";
import { rejectionSampling, rejectionSchema } from "../../algorithms/rejection-sampling.js";
import { shownResponse } from "../../algorithms/rollout-metrics.js";
import { groupMethodSchema, runGroups } from "../group-run.js";
import { defineMethod } from "../method.js";
import { foreseeOnline, heaviestIteration } from "../online-forecast.js";
import { reportOnline } from "../online-run.js";
import { encodeOnline, readOnline } from "../online-settings.js";

export const rejectionSamplingMethod = defineMethod({
  name: "rejection-sampling",
  description:
    "Fine-tunes a policy on the best of its own responses: samples groupSize responses to each prompt, keeps the one of the " +
    "highest reward, and imitates it. Rewards come from reward models, from your own functions, or both.",
  examples: [
    {
      command:
        "plumb rejection-sampling --model m.gguf --reward-model runs/reward/model --data prompts.jsonl --set lora.r=16",
      does: "train a LoRA adapter on the best of 8, batch after batch",
    },
    {
      command:
        "plumb rejection-sampling ... --iterations 1 --batch-size 2048 --group-size 16 --epochs 2 --mini-batches 8",
      does: "the best of 16 to 128 prompts, then two passes over them",
    },
  ],
  schema: groupMethodSchema(rejectionSchema),
  read: (config, warn) => {
    promptsPerIteration(config);
    return readOnline(config, warn);
  },
  encode: encodeOnline,

  heaviest: (model, { train }, config) =>
    heaviestIteration(model, train, promptsPerIteration(config), config, (actors) =>
      rejectionSampling(actors, { ...config, iterations: 1 }).next(),
    ),

  foresee: async (model, { train }, config, heaviest) =>
    foreseeOnline(model, train, promptsPerIteration(config), config, heaviest),

  run: (job) =>
    runGroups(
      job,
      "Rejection sampling",
      (setup, { step }) => ({ steps: rejectionSampling(setup, job.config, step) }),
      (r) => ({ ...shownResponse(r, r.reward), best: r.best }),
    ),

  report: reportOnline,
});
