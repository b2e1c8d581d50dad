/** RLOO on files of prompts, against reward models and reward functions. */
import { rloo, rlooSchema } from "../../algorithms/rloo.js";
import { shownResponse } from "../../algorithms/rollout-metrics.js";
import { groupMethodSchema, promptsOf, runGroups } from "../group-run.js";
import { defineMethod } from "../method.js";
import { foreseeOnline, heaviestIteration } from "../online-forecast.js";
import { reportOnline } from "../online-run.js";
import { encodeOnline, readOnline } from "../online-settings.js";

export const rlooMethod = defineMethod({
  name: "rloo",
  description:
    "Optimises a policy with RLOO: a response's baseline is the mean reward of the others to its prompt, and the response is " +
    "learned as a whole; the KL to the starting model is part of the reward. Rewards come from reward models, from your own " +
    "functions, or both.",
  examples: [
    {
      command:
        "plumb rloo --model m.gguf --reward-model runs/reward/model --data prompts.jsonl --set lora.r=16",
      does: "train a LoRA adapter against a reward model",
    },
    {
      command:
        "plumb rloo --model m.gguf --data prompts.jsonl --reward-functions '[{module: ./right-answer.mjs}]' --kl-coefficient 0",
      does: "with a reward of your own that needs no tether",
    },
  ],
  schema: groupMethodSchema(rlooSchema),
  read: readOnline,
  encode: encodeOnline,

  heaviest: (model, { train }, config) =>
    heaviestIteration(model, train, promptsOf(config), config, (actors) =>
      rloo(actors, { ...config, iterations: 1 }).next(),
    ),

  foresee: async (model, { train }, config, heaviest) =>
    foreseeOnline(model, train, promptsOf(config), config, heaviest),

  run: (job) =>
    runGroups(
      job,
      "RLOO",
      (setup, { step }) => ({ steps: rloo(setup, job.config, step) }),
      (r) => ({ ...shownResponse(r, r.score), advantage: r.advantage }),
    ),

  report: reportOnline,
});
