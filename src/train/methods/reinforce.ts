/** REINFORCE++ on files of prompts, against reward models and reward functions. */
import { checkReinforce, reinforce, reinforceSchema } from "../../algorithms/reinforce.js";
import { shownResponse } from "../../algorithms/rollout-metrics.js";
import { groupMethodSchema, promptsOf, runGroups } from "../group-run.js";
import { defineMethod } from "../method.js";
import { foreseeOnline, heaviestIteration } from "../online-forecast.js";
import { reportOnline } from "../online-run.js";
import { encodeOnline, readOnline } from "../online-settings.js";

export const reinforceMethod = defineMethod({
  name: "reinforce",
  description:
    "Optimises a policy with REINFORCE++: PPO's clipped updates without a value model; returns are normalised over the whole " +
    "batch, and the KL to the starting model is part of the reward. One response to a prompt is enough; with --baseline group " +
    "several are compared first. Rewards come from reward models, from your own functions, or both.",
  examples: [
    {
      command:
        "plumb reinforce --model m.gguf --reward-model runs/reward/model --data prompts.jsonl --set lora.r=16",
      does: "train a LoRA adapter against a reward model",
    },
    {
      command:
        "plumb reinforce --model m.gguf --data prompts.jsonl --reward-functions '[{module: ./right-answer.mjs}]' --baseline group --group-size 8",
      does: "REINFORCE++ with baseline, and a reward of your own",
    },
  ],
  schema: groupMethodSchema(reinforceSchema),
  read: (config, warn) => {
    checkReinforce(config);
    return readOnline(config, warn);
  },
  encode: encodeOnline,

  heaviest: (model, { train }, config) =>
    heaviestIteration(model, train, promptsOf(config), config, (actors) =>
      reinforce(actors, { ...config, iterations: 1 }).next(),
    ),

  foresee: async (model, { train }, config, heaviest) =>
    foreseeOnline(model, train, promptsOf(config), config, heaviest),

  run: (job) =>
    runGroups(
      job,
      "REINFORCE++",
      (setup, { step }) => ({ steps: reinforce(setup, job.config, step) }),
      (r) => ({ ...shownResponse(r, r.score), advantage: r.advantages[0] ?? 0 }),
    ),

  report: reportOnline,
});
