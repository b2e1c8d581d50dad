/** Log-probabilities of the tokens of given texts, line by line. */
import { z } from "zod";
import { type LocatedRow, type RowLocation, rowError } from "../base/location.js";
import { checkRow } from "../data/formats.js";
import { toConversation, toDemonstrations } from "../data/normalise.js";
import { openRequests } from "../data/request-lines.js";
import {
  continuation,
  encodeConversation,
  encodeDemonstration,
  encodePrompt,
  named,
} from "../data/tokenize.js";
import { UnreadCount, unreadBeside } from "../data/unread-columns.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import { boundedRuns } from "../model/bounded-runs.js";
import { NetworkRunner } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { chosenNetwork } from "../open/base-precision.js";
import { textsOfRequests } from "../open/calibration-texts.js";
import type { WorkHost } from "../open/host.js";
import { adapterSetting, baseSettings, chatSettings, modelSetting } from "../open/model-settings.js";
import { type OpenedModel, openBaseModel, tokenizerOf } from "../open/open-network.js";
import { checkLength, formOf, tokenIds } from "../open/request-forms.js";
import { CHUNK_BATCHES, lineProgress, lineSettings } from "./lines.js";

/** Settings: the model and the texts. */
export const logProbSchema = z.object({
  model: modelSetting,
  adapter: adapterSetting,
  ...chatSettings,
  ...baseSettings,
  ...lineSettings,
});

const FORMS = { ids: ["input_ids"], completion: ["prompt", "completion"], messages: ["messages"] };

interface Request extends Sequence {
  where: RowLocation;
}

/**
 * The tokens of a line, and the natural log-probabilities of those of the completion; for a whole text, of all but the
 * first.
 */
export interface LogProbRow {
  input_ids: readonly number[];
  logprobs: number[];
}

/**
 * The log-probabilities of every line of `input`, in its order.
 *
 * @throws PlumbError, which names the line, if one is invalid: for a file before the first result, for a stream chunk
 * by chunk.
 */
export async function* logProbsOfLines(
  { model, adapter, input, batchSize, ...settings }: z.output<typeof logProbSchema>,
  host: WorkHost,
): AsyncGenerator<LogProbRow> {
  const { runtime, signal } = host;
  const base = await openBaseModel(runtime, model, adapter, { chat: settings, notices: host });
  const unread = new UnreadCount();
  const requests = await openRequests(input, (row) => parseRequest(row, base, unread));
  const texts = () => textsOfRequests(requests, ({ ids }) => [ids]);
  const opened = await chosenNetwork(runtime, base, settings, texts, host);
  const runner = new NetworkRunner(runtime, opened.network);
  const progress = lineProgress(host, "log-probabilities", requests);
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
      yield { input_ids: request.ids, logprobs: Array.from(logProbs[i], shortened) };
    }
  }
  progress.end();
  unread.report(input, host.warn);
}

/** A line as a sequence of tokens. @throws PlumbError, which names the line. */
function parseRequest(row: LocatedRow, opened: OpenedModel, unread: UnreadCount): Request {
  const { ids, lossMask } = encode(row, opened, unread);
  checkLength(row.where, ids, opened.config);
  return { ids, lossMask, where: row.where };
}

function encode(row: LocatedRow, opened: OpenedModel, unread: UnreadCount): Sequence {
  const { where } = row;
  const form = formOf(row, FORMS);
  if (form === "ids") {
    unread.add({ unread: unreadBeside(row.value, FORMS.ids), where });
    return whole(tokenIds(row, opened.config));
  }
  const tokenizer = tokenizerOf(opened);
  if (form === "messages") {
    const checked = checkRow(row, "messages");
    unread.add(checked);
    const conversation = toConversation(checked);
    return named(where, () => whole(encodeConversation(tokenizer, conversation)));
  }
  const checked = checkRow(row, "prompt-completion");
  const { prompt, completion } = checked.fields;
  if ((typeof prompt === "string") !== (typeof completion === "string"))
    throw rowError(where, 'expected "prompt" and "completion" both as text or both as messages');
  const [demonstration] = toDemonstrations(checked);
  unread.add(checked);
  const isText = demonstration.kind === "completion" && typeof demonstration.prompt === "string";
  if (!isText || typeof prompt !== "string" || typeof completion !== "string")
    return encodeDemonstration(tokenizer, demonstration);
  const [before, after] = named(where, () => [
    encodePrompt(tokenizer, prompt),
    continuation(tokenizer, prompt, completion),
  ]);
  if (after.length === 0) throw rowError(where, 'field "completion" has no tokens');
  if (before.length > 0) return promptCompletion(before, after);
  throw rowError(
    where,
    'field "prompt" has no tokens, so nothing gives the first token a probability',
    "Begin the prompt with the model's first token, or give input_ids.",
  );
}

const whole = (ids: number[]): Sequence => ({ ids, lossMask: ids.map(() => true) });

function checkFinite(where: RowLocation, values: Float32Array): void {
  if (values.every(Number.isFinite)) return;
  throw rowError(
    where,
    "the model's log-probabilities are not finite",
    "Check its weights with plumb doctor --model.",
  );
}

/** The number rounded to 8 significant digits, about what float32 holds. */
const shortened = (value: number): number => Number(value.toPrecision(8));
