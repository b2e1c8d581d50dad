import { formatNumber } from "../../base/format.js";
import { CHUNK_BATCHES, rewardsOfLines, rewardsSchema } from "../../inference/index.js";
import { defineCommand } from "../command.js";
import { hostOf } from "../host.js";

export default defineCommand({
  description: `Scores texts with a reward model, one line of JSON for each line of input and in its order: {"score":x}, or {"chosen_score":x,"rejected_score":y} for a preference.

Lines hold {"chosen":...,"rejected":...} with or without "prompt" (TRL's preference formats, Anthropic's HH transcripts; OpenAI's preference format too), {"prompt":...,"completion":...}, {"messages":[...]}, scored at the end of the last answer, or {"input_ids":[...]}; other fields are ignored. Texts are encoded as in training: a completion ends with the end-of-sequence token, and of a text longer than the model was trained on, only the last tokens are read. Scores are normalised by the model's saved mean and std: (raw - mean) / std.

With --json a last line gives the accuracy over the preferences, ties counting half, with its 95% interval over conversations: {"accuracy":..,"low":..,"high":..,"n":..}. A whole file is checked before the first answer; stdin is checked and answered in chunks of ${CHUNK_BATCHES} batches.`,
  examples: [
    {
      command: "plumb score --reward-model runs/reward/model --input pairs.jsonl --json",
      does: "scores and accuracy",
    },
    {
      command: `echo '{"prompt":"Hi","completion":" Hello!"}' | plumb score --reward-model DIR --input -`,
      does: "one text from stdin",
    },
  ],
  schema: rewardsSchema,
  async run(context, config) {
    const { ui, json } = context;
    const rows = rewardsOfLines(config, hostOf(context));
    let next = await rows.next();
    for (; !next.done; next = await rows.next()) await ui.row(next.value);
    if (next.value === undefined) return;
    const { estimate: accuracy, low, high, n } = next.value;
    if (json) await ui.row({ accuracy, low, high, n });
    else
      ui.info(`accuracy ${formatNumber(accuracy)} (${formatNumber(low)} to ${formatNumber(high)}), n = ${n}`);
  },
});
