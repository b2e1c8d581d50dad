import { z } from "zod";
import { type LocatedRow, type RowLocation, rowError } from "../../base/location.js";
import { checkRow } from "../../data/formats.js";
import { openRequests } from "../../data/request-lines.js";
import { encodeDemonstration, encodePrompt, named } from "../../data/tokenize.js";
import { promptCompletion, type Sequence } from "../../model/batch.js";
import { boundedRuns } from "../../model/bounded-runs.js";
import { NetworkRunner } from "../../model/runner.js";
import { sequenceLogProbs } from "../../model/score.js";
import { chosenNetwork } from "../../open/base-precision.js";
import { textsOfRequests } from "../../open/calibration-texts.js";
import { adapterSetting, baseSettings, modelSetting } from "../../open/model-settings.js";
import { createRuntime, type OpenedModel, openBaseModel, tokenizerOf } from "../../open/open-network.js";
import { checkLength, formOf, tokenIds } from "../../open/request-forms.js";
import { encodeChat } from "../../text/index.js";
import { defineCommand } from "../command.js";
import { lineProgress } from "../line-progress.js";

const schema = z.object({
  model: modelSetting,
  adapter: adapterSetting,
  ...baseSettings,
  input: z.string().min(1).describe("JSON lines (or another dataset file); - for stdin"),
  batchSize: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(16)
    .describe("most rows in one run; does not change the result"),
});

const FORMS = { ids: ["input_ids"], completion: ["prompt", "completion"], messages: ["messages"] };
/** Lines that are read, evaluated and answered together, in batches. */
const CHUNK_BATCHES = 8;

interface Request extends Sequence {
  where: RowLocation;
}

export default defineCommand({
  description: `The log-probability of each token of given texts, natural logarithms, one line of JSON for each line of input and in its order: {"input_ids":[...],"logprobs":[...]}.

Lines hold {"input_ids":[...]}, {"prompt":...,"completion":...} or {"messages":[...]} (the model's chat template, every turn closed); of several, the first counts, and other fields are ignored. For ids and messages there is one log-probability for each token after the first. For a prompt with a completion input_ids are all ids, the prompt's first, and logprobs those of the completion alone, its last logprobs.length ids; both are encoded apart, so that the prompt's tokens are those that generation starts from. A prompt as text is used as it is, with the special tokens that the tokenizer puts before a text; no end-of-sequence token is added to a completion.

A file is checked whole before the first answer; stdin is checked and answered in chunks of ${CHUNK_BATCHES} batches.`,
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
  schema,
  async run({ ui, signal }, { model, adapter, input, batchSize, ...settings }) {
    const runtime = createRuntime();
    const base = await openBaseModel(runtime, model, adapter);
    const requests = await openRequests(input, (row) => parseRequest(row, base));
    const texts = () => textsOfRequests(requests, ({ ids }) => [ids]);
    const opened = await chosenNetwork(runtime, base, settings, texts, ui);
    const runner = new NetworkRunner(runtime, opened.network);
    const progress = lineProgress(ui, "log-probabilities", requests);
    let done = 0;
    for await (const chunk of requests.chunks(CHUNK_BATCHES * batchSize)) {
      const logProbs = await boundedRuns(chunk, opened.config.vocabSize, batchSize, async (part, rows) => {
        signal.throwIfAborted();
        const values = await sequenceLogProbs(runner, part, { rows, padId: opened.padId });
        done += part.length;
        progress.update(done);
        return values;
      });
      for (const [i, request] of chunk.entries()) {
        checkFinite(request.where, logProbs[i]);
        await ui.row({ input_ids: request.ids, logprobs: Array.from(logProbs[i], shortened) });
      }
    }
    progress.end();
  },
});

/** @throws PlumbError naming the line. */
function parseRequest(row: LocatedRow, opened: OpenedModel): Request {
  const { ids, read } = encode(row, opened);
  checkLength(row.where, ids, opened.config);
  return { ids, read, where: row.where };
}

function encode(row: LocatedRow, opened: OpenedModel): Sequence {
  const { where } = row;
  const form = formOf(row, FORMS);
  if (form === "ids") return whole(tokenIds(row, opened.config));
  const tokenizer = tokenizerOf(opened);
  if (form === "messages") {
    const { messages } = checkRow(row, "messages").fields;
    return named(where, () => whole(encodeChat(tokenizer, messages).ids));
  }
  const { prompt, completion } = checkRow(row, "prompt-completion").fields;
  if (typeof prompt !== "string" && typeof completion !== "string") {
    return encodeDemonstration(tokenizer, { kind: "completion", prompt, completion, where });
  }
  if (typeof prompt !== "string" || typeof completion !== "string") {
    throw rowError(where, 'expected "prompt" and "completion" both as text or both as messages');
  }
  const [before, after] = named(where, () => [encodePrompt(tokenizer, prompt), tokenizer.encode(completion)]);
  if (after.length === 0) throw rowError(where, 'field "completion" has no tokens');
  if (before.length > 0) return promptCompletion(before, after);
  throw rowError(
    where,
    'field "prompt" has no tokens, so nothing gives the first token a probability',
    "Begin the prompt with the model's first token, or give input_ids.",
  );
}

const whole = (ids: number[]): Sequence => ({ ids, read: ids.map(() => true) });

function checkFinite(where: RowLocation, values: Float32Array): void {
  if (values.every(Number.isFinite)) return;
  throw rowError(
    where,
    "the model's log-probabilities are not finite",
    "Check its weights with plumb doctor --model.",
  );
}

/** What a float32 holds, and no digits beyond. */
const shortened = (value: number): number => Number(value.toPrecision(8));
