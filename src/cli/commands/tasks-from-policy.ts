import { z } from "zod";
import { writeRows } from "../../data/write-rows.js";
import { ROUNDS, responsePairs, responsePairsSchema } from "../../evaluate/index.js";
import { defineCommand } from "../command.js";
import { hostOf } from "../host.js";

const schema = responsePairsSchema.extend({
  out: z.string().min(1).describe("file for the items, one on each line (.jsonl)"),
});

export default defineCommand({
  description: `Samples responses to each prompt and makes pairs of different ones for raters to compare. Where a prompt's responses are equal they are sampled again, up to ${ROUNDS} times; a prompt that still has too few gives fewer pairs, with a warning. The same seed gives the same items.`,
  examples: [
    {
      command:
        "plumb tasks from-policy --model runs/sft/model --prompts prompts.jsonl --pairs-per-prompt 3 --out tasks.jsonl",
      does: "three pairs of three responses to each prompt",
    },
    {
      command:
        "plumb tasks from-policy --model M --prompts p.jsonl --reward-model runs/reward/model --out tasks.jsonl",
      does: "with a reward model's scores",
    },
    {
      command:
        "plumb tasks from-policy --model M --prompts p.jsonl --hot-temperature 1.3 --elsewhere 0.2 --out tasks.jsonl",
      does: "rare failures among the pairs: hotter samples, and answers to other prompts",
    },
  ],
  schema,
  async run(context, { out, ...config }) {
    const { ui } = context;
    const { items, prompts, missing } = await responsePairs(config, hostOf(context));
    if (missing > 0) ui.warn(`${missing} pairs are missing: the model gave too few different responses`);
    await writeRows(
      out,
      items.map((item) => ({ ...item })),
    );
    await ui.result(
      { items: items.length, prompts, missing, out },
      () => `${items.length} pairs of ${prompts} prompts`,
    );
  },
});
