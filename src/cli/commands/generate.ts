import { z } from "zod";
import { formatNumber } from "../../base/format.js";
import { type LocatedRow, type RowLocation, rowError } from "../../base/location.js";
import { usageError } from "../../base/usage-error.js";
import { checkRow } from "../../data/formats.js";
import { openRequests, type RequestLines } from "../../data/request-lines.js";
import { encodePrompt, named } from "../../data/tokenize.js";
import {
  type Completion,
  type Generator,
  type RoomOptions,
  type SamplingConfig,
  samplingSchema,
} from "../../generate/index.js";
import { chosenNetwork, type Texts } from "../../open/base-precision.js";
import { textsOfRequests } from "../../open/calibration-texts.js";
import { adapterSetting, baseSettings, modelSetting } from "../../open/model-settings.js";
import {
  createRuntime,
  generatorOf,
  type OpenedModel,
  openBaseModel,
  tokenizerOf,
} from "../../open/open-network.js";
import { checkLength, formOf, tokenIds } from "../../open/request-forms.js";
import { type CommandContext, defineCommand } from "../command.js";
import { lineProgress } from "../line-progress.js";

const schema = z.object({
  model: modelSetting,
  adapter: adapterSetting,
  ...baseSettings,
  input: z.string().min(1).optional().describe("JSON lines (or another dataset file); - for stdin"),
  prompt: z.string().min(1).optional().describe("one prompt instead of a file, answered for people"),
  chat: z.boolean().default(false).describe("give --prompt as a user's message through the chat template"),
  batchSize: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe("most rows decoded together; default: up to 64, as many as there is memory for"),
  cacheMegabytes: z
    .number()
    .positive()
    .optional()
    .describe("most memory for the keys and values of all rows; default: half of what is free"),
  ...samplingSchema.shape,
});

const FORMS = { ids: ["input_ids"], messages: ["messages"], prompt: ["prompt"] };
/** Lines of stdin that are checked together, before any of them is answered. */
const LINES_AT_ONCE = 32;

interface Request {
  ids: number[];
}

export default defineCommand({
  description: `Samples a completion of each prompt, one line of JSON for each line of input and in its order: {"completion":"...","completion_ids":[...],"finish_reason":"stop"}.

Lines hold {"input_ids":[...]}; {"messages":[...]}, which go through the model's chat template up to where the assistant begins; or {"prompt":"..."}, used as it is. Of several, the first counts; other fields are ignored. finish_reason is "stop" when the model ended its turn or a stop string came, "length" when --max-new-tokens was reached. The completion is without special tokens and cut before a stop string (null when the model has no tokenizer); completion_ids are all tokens sampled, the end-of-sequence token too. A line's draws depend on the seed and its place in the input only.

A line that is done makes room for the next at once, and prompts that begin alike are computed once. A file is checked whole before the first answer; stdin is checked in chunks of ${LINES_AT_ONCE} lines.`,
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
  schema,
  async run(context, { model, adapter, base, baseError, input, prompt, ...settings }) {
    if ((input === undefined) === (prompt === undefined)) {
      throw usageError("give either --input FILE (- for stdin) or --prompt TEXT");
    }
    const { chat, batchSize, cacheMegabytes, ...sampling } = settings;
    const runtime = createRuntime();
    const opened = await openBaseModel(runtime, model, adapter);
    if (sampling.stop.length > 0) tokenizerOf(opened);
    const room = { batchSize, cacheBytes: cacheMegabytes && cacheMegabytes * 1e6 };
    const generator = async (texts: Texts): Promise<Generator> => {
      const chosen = await chosenNetwork(runtime, opened, { base, baseError }, texts, context.ui);
      return generatorOf(runtime, chosen);
    };
    if (prompt !== undefined) {
      const ids = promptIds(opened, prompt, chat, sampling);
      await answerOne(context, await generator(async () => []), ids, sampling, room);
    } else if (input !== undefined) {
      const requests = await openRequests(input, (row) => parseRequest(row, opened, sampling));
      const texts = () => textsOfRequests(requests, ({ ids }) => [ids]);
      await answerLines(context, await generator(texts), requests, sampling, room);
    }
  },
});

/** Every line of a file or of stdin, in its order. */
async function answerLines(
  { ui, signal }: CommandContext,
  generator: Generator,
  requests: RequestLines<Request>,
  sampling: SamplingConfig,
  room: RoomOptions,
): Promise<void> {
  const progress = lineProgress(ui, "completions", requests);
  let [done, tokens] = [0, 0];
  async function* prompts(): AsyncGenerator<number[]> {
    for await (const chunk of requests.chunks(LINES_AT_ONCE)) for (const { ids } of chunk) yield ids;
  }
  const onStep = (sampled: number): void => {
    tokens += sampled;
    progress.update(done, { tokens });
  };
  for await (const completion of generator.stream(prompts(), sampling, { ...room, signal, onStep })) {
    await ui.row(answer(completion));
    progress.update(++done, { tokens });
  }
  progress.end();
}

/** One prompt: the completion alone on stdout, figures on stderr. */
async function answerOne(
  { ui, signal }: CommandContext,
  generator: Generator,
  ids: readonly number[],
  sampling: SamplingConfig,
  room: RoomOptions,
): Promise<void> {
  const started = performance.now();
  const [completion] = await generator.generate([ids], sampling, { ...room, signal });
  const seconds = (performance.now() - started) / 1000;
  await ui.result(answer(completion), () => completion.text ?? "");
  const rate = formatNumber(Number((completion.ids.length / seconds).toPrecision(3)));
  ui.info(
    `${ids.length} tokens of prompt, ${completion.ids.length} sampled (${completion.finishReason}), ${rate} tokens/s`,
  );
}

function promptIds(opened: OpenedModel, prompt: string, chat: boolean, sampling: SamplingConfig): number[] {
  const ids = encodePrompt(tokenizerOf(opened), chat ? [{ role: "user", content: prompt }] : prompt);
  checkPrompt({ file: "--prompt", unit: "line", number: 1 }, ids, opened, sampling);
  return ids;
}

function answer({ ids, text, finishReason }: Completion): object {
  return { completion: text ?? null, completion_ids: ids, finish_reason: finishReason };
}

/** @throws PlumbError naming the line. */
function parseRequest(row: LocatedRow, opened: OpenedModel, sampling: SamplingConfig): Request {
  const ids = encode(row, opened);
  checkPrompt(row.where, ids, opened, sampling);
  return { ids };
}

function encode(row: LocatedRow, opened: OpenedModel): number[] {
  const form = formOf(row, FORMS);
  if (form === "ids") return tokenIds(row, opened.config);
  const tokenizer = tokenizerOf(opened);
  const prompt =
    form === "messages"
      ? checkRow(row, "messages").fields.messages
      : checkRow(row, "prompt-only").fields.prompt;
  return named(row.where, () => encodePrompt(tokenizer, prompt));
}

function checkPrompt(
  where: RowLocation,
  ids: readonly number[],
  { config }: OpenedModel,
  { maxNewTokens }: SamplingConfig,
): void {
  if (ids.length === 0) throw rowError(where, "the prompt has no tokens", "Give it at least one.");
  checkLength(where, ids, config, maxNewTokens);
}
