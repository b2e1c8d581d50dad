import { CHUNK_BATCHES, logProbSchema, logProbsOfLines } from "../../inference/index.js";
import { defineCommand } from "../command.js";
import { hostOf } from "../host.js";

export default defineCommand({
  description: `Writes the log-probability (a natural logarithm) of each token of given texts, one line of JSON for each line of input and in its order: {"input_ids":[...],"logprobs":[...]}.

Lines hold {"input_ids":[...]}, {"prompt":...,"completion":...} or {"messages":[...]} (the model's chat template, every turn closed); of several, the first counts, and other fields are ignored. For ids and messages there is one log-probability for each token after the first. For a prompt with a completion input_ids are all ids, the prompt's first, and logprobs those of the completion alone, its last logprobs.length ids; the two are encoded separately, so that the prompt's tokens are those that generation starts from. A prompt given as text is used as it is, with the special tokens that the tokenizer puts before a text; no end-of-sequence token is added to a completion.

A whole file is checked before the first answer; stdin is checked and answered in chunks of ${CHUNK_BATCHES} batches.`,
  examples: [
    {
      command: "plumb logprobs --model model.gguf --input texts.jsonl",
      does: "log-probabilities of a file of texts",
    },
    {
      command: "plumb logprobs --model DIR --input texts.jsonl --base auto",
      does: "with the products in 8 bits where that is fast and exact enough",
    },
    {
      command: `echo '{"prompt":"2+2=","completion":"4"}' | plumb logprobs --model DIR --adapter DIR --input -`,
      does: "of a completion, under a model with an adapter",
    },
  ],
  schema: logProbSchema,
  async run(context, config) {
    for await (const row of logProbsOfLines(config, hostOf(context))) await context.ui.row(row);
  },
});
