import { evaluate, evaluationSchema } from "../../evaluate/evaluation.js";
import { defineCommand } from "../command.js";
import { reportTable } from "../evaluation-table.js";
import { hostOf } from "../host.js";

export default defineCommand({
  description: `Measures a policy, a reward model, or both; every figure comes with its 95% interval over prompts or conversations and its number of rows. Means of fewer than 8 have none.

--prompts samples one answer to each prompt: length, refusals (recognised by their words), distinct-3, KL, and with --reward-model the mean reward. --against or --against-adapter samples another policy's answers to the same prompts too: win rate by reward, ties counting half. --against-references compares with the dataset's own answers instead. KL is to the other policy, else to the model without its last adapter, in nats per response; it is left out at temperature 0, where nothing is sampled.
--preferences gives the reward model's accuracy; --demonstrations the policy's perplexity on what it should imitate.`,
  examples: [
    {
      command:
        "plumb evaluate --model M --adapter runs/ppo/model --against-adapter runs/sft/model --reward-model runs/reward/model --prompts prompts.jsonl --limit 200",
      does: "does PPO beat SFT by this reward model?",
    },
    {
      command: "plumb evaluate --reward-model runs/reward/model --preferences pairs.jsonl --json",
      does: "accuracy, as JSON",
    },
    { command: "plumb evaluate --model M --demonstrations demos.jsonl", does: "perplexity" },
  ],
  schema: evaluationSchema,
  async run(context, config) {
    const evaluation = await evaluate(config, hostOf(context));
    await context.ui.result(evaluation, () => reportTable(evaluation));
  },
});
