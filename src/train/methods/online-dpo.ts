/** Online DPO on files of prompts, judged by reward models and reward functions. */
import { promptsPerIteration } from "../../algorithms/groups.js";
import { onlineDpo, onlineDpoSchema } from "../../algorithms/online-dpo.js";
import { functionReward } from "../../algorithms/reward-sources.js";
import { shownResponse } from "../../algorithms/rollout-metrics.js";
import { groupMethodSchema, runGroups } from "../group-run.js";
import { defineMethod } from "../method.js";
import { foreseeOnline, heaviestIteration } from "../online-forecast.js";
import { reportOnline } from "../online-run.js";
import { encodeOnline, readOnline } from "../online-settings.js";

/** Rewards by which every prompt has a pair, as in the iteration that takes most. */
const UNEQUAL = functionReward("unequal", 1, (inputs) => inputs.map((_, i) => i));

export const onlineDpoMethod = defineMethod({
  name: "online-dpo",
  description:
    "Optimises a policy with DPO on pairs of its own responses: groupSize responses to each prompt, of which the highest and the " +
    "lowest reward make the pair. Rewards come from reward models, from your own functions, or both.",
  examples: [
    {
      command:
        "plumb online-dpo --model m.gguf --reward-model runs/reward/model --data prompts.jsonl --set lora.r=16",
      does: "train a LoRA adapter, two responses to a prompt",
    },
    {
      command:
        "plumb online-dpo --model m.gguf --data prompts.jsonl --reward-functions '[{module: ./right-answer.mjs}]' --group-size 8",
      does: "the best against the worst of eight, by a reward of your own",
    },
  ],
  schema: groupMethodSchema(onlineDpoSchema),
  read: (config, warn) => {
    promptsPerIteration(config);
    return readOnline(config, warn);
  },
  encode: encodeOnline,

  heaviest: (model, { train }, config) =>
    heaviestIteration(model, train, promptsPerIteration(config), config, (actors) =>
      onlineDpo({ ...actors, rewards: [UNEQUAL] }, { ...config, iterations: 1 }).next(),
    ),

  foresee: async (model, { train }, config, heaviest) =>
    foreseeOnline(model, train, promptsPerIteration(config), config, heaviest),

  run: (job) =>
    runGroups(
      job,
      "Online DPO",
      (setup, { step }) => ({ steps: onlineDpo(setup, job.config, step) }),
      (r) => ({ ...shownResponse(r, r.reward), side: r.side }),
    ),

  report: reportOnline,
});
