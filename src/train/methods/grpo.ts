/** GRPO on files of prompts, against reward models and reward functions. */
import { z } from "zod";
import { grpo, grpoSchema } from "../../algorithms/grpo.js";
import { shownResponse } from "../../algorithms/rollout-metrics.js";
import { groupMethodSchema, promptsOf, runGroups } from "../group-run.js";
import { defineMethod } from "../method.js";
import { foreseeOnline, heaviestIteration } from "../online-forecast.js";
import { reportOnline } from "../online-run.js";
import { encodeOnline, readOnline } from "../online-settings.js";

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
  schema: groupMethodSchema(grpoSchema),
  read: readOnline,
  encode: encodeOnline,

  heaviest: (model, { train }, config) =>
    heaviestIteration(model, train, promptsOf(config), config, (actors) =>
      grpo(actors, { ...config, iterations: 1 }, { iteration: 0, batches: 0 }).next(),
    ),

  foresee: async (model, { train }, config, heaviest) =>
    foreseeOnline(model, train, promptsOf(config), config, heaviest),

  run: (job) =>
    runGroups(
      job,
      "GRPO",
      (setup, { algorithmState: saved }) => {
        const state = saved === undefined ? { iteration: 0, batches: 0 } : stateSchema.parse(saved);
        return { steps: grpo(setup, job.config, state), state: () => ({ ...state }) };
      },
      (r) => ({ ...shownResponse(r, r.score), advantage: r.advantage }),
    ),

  report: reportOnline,
});

const stateSchema = z.object({
  iteration: z.number().int().nonnegative(),
  batches: z.number().int().nonnegative(),
});
