import { formatNumber } from "../../base/format.js";
import { usageError } from "../../base/usage-error.js";
import { completeLines, completePrompt, completionSchema, LINES_AT_ONCE } from "../../inference/index.js";
import { defineCommand } from "../command.js";
import { hostOf } from "../host.js";

export default defineCommand({
  description: `Samples a completion of each prompt, one line of JSON for each line of input and in its order: {"completion":"...","completion_ids":[...],"finish_reason":"stop"}.

Lines hold {"input_ids":[...]}; {"messages":[...]}, which go through the model's chat template up to where the assistant begins; or {"prompt":"..."}, used as it is. Of several, the first counts; other fields are ignored. finish_reason is "stop" when the model ended its turn or a stop string appeared, "length" when --max-new-tokens was reached. The completion is without special tokens and cut before a stop string (null when the model has no tokenizer); completion_ids are all tokens sampled, including the end-of-sequence token. A line's random draws depend only on the seed and its place in the input.

With --best-of N and --reward-model, N completions of each prompt are sampled, and the line is the one with the highest reward, which stands in "reward".

A finished line makes room for the next at once, and a prefix that prompts share is computed once. A whole file is checked before the first answer; stdin is checked in chunks of ${LINES_AT_ONCE} lines.`,
  examples: [
    {
      command: 'plumb generate --model model.gguf --chat --prompt "Why is the sky blue?"',
      does: "a quick try",
    },
    {
      command: "plumb generate --model DIR --input prompts.jsonl --temperature 0 --max-new-tokens 48",
      does: "greedy completions of a file of prompts",
    },
    {
      command: `plumb generate --model DIR --input - --stop '["\\n\\n", "User:"]'`,
      does: "stop strings as a YAML list, which keeps their white space",
    },
  ],
  schema: completionSchema,
  async run(context, config) {
    const { ui } = context;
    const { input, prompt } = config;
    if (prompt === undefined && input !== undefined) {
      for await (const row of completeLines({ ...config, input }, hostOf(context))) await ui.row(row);
    } else if (prompt !== undefined && input === undefined) {
      const { row, promptTokens, seconds } = await completePrompt({ ...config, prompt }, hostOf(context));
      await ui.result(row, () => row.completion ?? "");
      if (row.reward !== undefined)
        ui.info(`the best of ${config.bestOf}: reward ${formatNumber(row.reward)}`);
      const sampled = row.completion_ids.length;
      const rate = formatNumber(Number((sampled / seconds).toPrecision(3)));
      ui.info(
        `${promptTokens} tokens of prompt, ${sampled} sampled (${row.finish_reason}), ${rate} tokens/s`,
      );
    } else throw usageError("give either --input FILE (- for stdin) or --prompt TEXT");
  },
});
