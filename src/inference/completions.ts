/** Completions of prompts: of every line of a file or stream in its order, or of one prompt. */
import { z } from "zod";
import { type LocatedRow, type RowLocation, rowError } from "../base/location.js";
import { inGroup } from "../base/setting-groups.js";
import { usageError } from "../base/usage-error.js";
import { checkRow } from "../data/formats.js";
import { toConversation, toPrompt } from "../data/normalise.js";
import { openRequests } from "../data/request-lines.js";
import { encodePrompt, named } from "../data/tokenize.js";
import { UnreadCount, unreadBeside } from "../data/unread-columns.js";
import {
  type CacheSizeOptions,
  type Completion,
  EndCount,
  type Generator,
  type SamplingConfig,
  samplingSchema,
} from "../generate/index.js";
import { chosenNetwork, type Texts } from "../open/base-precision.js";
import { textsOfRequests } from "../open/calibration-texts.js";
import type { WorkHost } from "../open/host.js";
import { adapterSetting, baseSettings, chatSettings, modelSetting } from "../open/model-settings.js";
import { generatorOf, type OpenedModel, openBaseModel, tokenizerOf } from "../open/open-network.js";
import { checkLength, formOf, tokenIds } from "../open/request-forms.js";
import { openJudge } from "./best-of.js";
import { lineProgress } from "./lines.js";

/** Tokens sampled for a prompt unless the user or the model's context says otherwise. */
const MAX_NEW_TOKENS = 128;

/** Settings: the model, the prompts and the sampling. */
export const completionSchema = z.object({
  model: modelSetting,
  adapter: adapterSetting,
  ...chatSettings,
  ...baseSettings,
  ...inGroup("files", {
    input: z.string().min(1).optional().describe("JSON Lines (or another dataset file); - for stdin"),
    prompt: z.string().min(1).optional().describe("one prompt instead of a file, answered for people"),
    chat: z.boolean().default(false).describe("give --prompt as a user's message through the chat template"),
  }),
  ...inGroup("memory", {
    batchSize: z
      .number()
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe("most rows decoded together; default: as many as fit in memory, up to 64"),
    cacheMegabytes: z
      .number()
      .positive()
      .optional()
      .describe("most memory for the keys and values of all rows; default: half of the free memory"),
  }),
  rewardModel: z
    .string()
    .min(1)
    .optional()
    .describe("with --best-of: the reward model that chooses, on the model's own tokenizer"),
  bestOf: z
    .number()
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe("completions sampled for each prompt, of which the one with the highest reward is given"),
  ...samplingSchema.shape,
  maxNewTokens: samplingSchema.shape.maxNewTokens
    .unwrap()
    .optional()
    .describe(
      `most tokens sampled for one prompt; default: ${MAX_NEW_TOKENS}, but at most half of the model's context`,
    ),
});
/** Settings of `plumb generate` with their defaults filled in. */
export type CompletionConfig = z.output<typeof completionSchema>;

/** Lines of a stream that are checked together, before any of them is completed. */
export const LINES_AT_ONCE = 32;

const FORMS = { ids: ["input_ids"], messages: ["messages"], prompt: ["prompt"] };

/** A completion as a line of output. */
export interface CompletionRow {
  /** Null if the model has no tokenizer. */
  completion: string | null;
  completion_ids: number[];
  finish_reason: Completion["finishReason"];
  /** Of the best of several: its reward. */
  reward?: number;
}

/**
 * The completion of every line of `input`, in its order.
 *
 * @throws PlumbError, which names the line, if one is invalid: for a file before the first completion, for a stream
 * chunk by chunk.
 */
export async function* completeLines(
  config: CompletionConfig & { input: string },
  host: WorkHost,
): AsyncGenerator<CompletionRow> {
  const opened = await openFor(config, host);
  const choose = await chooserOf(config, opened, host);
  const sampling = samplingOf(config, opened);
  const unread = new UnreadCount();
  const requests = await openRequests(config.input, (row) => ({
    ids: requestIds(row, opened, sampling, unread),
  }));
  const texts = () => textsOfRequests(requests, ({ ids }) => [ids]);
  const generator = await generatorFor(opened, config, texts, host);
  const progress = lineProgress(host, "completions", requests);
  let [done, tokens] = [0, 0];
  /** Prompts whose completions have not all come, in their order, and those of the first that have. */
  const [asked, group]: [number[][], Completion[]] = [[], []];
  async function* prompts(): AsyncGenerator<number[]> {
    for await (const chunk of requests.chunks(LINES_AT_ONCE)) {
      for (const { ids } of chunk) {
        asked.push(ids);
        for (let sample = 0; sample < config.bestOf; sample++) yield ids;
      }
    }
  }
  const onStep = (sampled: number): void => {
    tokens += sampled;
    progress.update(done, { tokens });
  };
  const options = { ...roomOf(config), signal: host.signal, onStep };
  const ends = new EndCount();
  for await (const completion of generator.stream(prompts(), sampling, options)) {
    ends.add(completion.finishReason === "stop");
    group.push(completion);
    if (group.length < config.bestOf) continue;
    yield await choose(asked.shift() ?? [], group.splice(0));
    progress.update(++done, { tokens });
  }
  progress.end();
  unread.report(config.input, host.warn);
  const doubt = ends.doubt(sampling.maxNewTokens);
  if (doubt !== undefined) host.warn(doubt);
}

/** A prompt that was completed, and what it took. */
export interface CompletedPrompt {
  row: CompletionRow;
  promptTokens: number;
  /** Time of sampling alone. */
  seconds: number;
}

export async function completePrompt(
  config: CompletionConfig & { prompt: string },
  host: WorkHost,
): Promise<CompletedPrompt> {
  const { prompt, chat } = config;
  const opened = await openFor(config, host);
  const sampling = samplingOf(config, opened);
  const ids = encodePrompt(tokenizerOf(opened), chat ? [{ role: "user", content: prompt }] : prompt);
  checkPrompt({ file: "--prompt", unit: "line", number: 1 }, ids, opened, sampling);
  const choose = await chooserOf(config, opened, host);
  const generator = await generatorFor(opened, config, async () => [], host);
  const started = performance.now();
  const asked = new Array<number[]>(config.bestOf).fill(ids);
  const completions = await generator.generate(asked, sampling, { ...roomOf(config), signal: host.signal });
  const seconds = (performance.now() - started) / 1000;
  return { row: await choose(ids, completions), promptTokens: ids.length, seconds };
}

/** What makes a row of a prompt's completions. @throws PlumbError if a reward model is missing or has nothing to choose from. */
async function chooserOf(
  { bestOf, rewardModel, batchSize = JUDGED_AT_ONCE }: CompletionConfig,
  opened: OpenedModel,
  host: WorkHost,
): Promise<(prompt: readonly number[], completions: readonly Completion[]) => Promise<CompletionRow>> {
  if (bestOf > 1 !== (rewardModel !== undefined))
    throw usageError(
      bestOf > 1
        ? "--best-of needs a reward model to choose"
        : "--reward-model chooses among several completions",
      "Give --best-of and --reward-model together.",
    );
  if (rewardModel === undefined) return async (_, [only]) => rowOf(only);
  const judge = await openJudge(rewardModel, opened, batchSize, host);
  return async (prompt, completions) => {
    const { completion, reward } = await judge(prompt, completions);
    return { ...rowOf(completion), reward };
  };
}
/** Most completions that a reward model scores together. */
const JUDGED_AT_ONCE = 16;

const samplingOf = (
  { maxNewTokens, ...config }: CompletionConfig,
  { config: { maxPositions } }: OpenedModel,
): SamplingConfig =>
  samplingSchema.parse({
    ...config,
    maxNewTokens: maxNewTokens ?? Math.max(1, Math.min(MAX_NEW_TOKENS, Math.floor(maxPositions / 2))),
  });

/** Opens the model. @throws PlumbError if stop strings are set and the model has no tokenizer. */
async function openFor(config: CompletionConfig, host: WorkHost): Promise<OpenedModel> {
  const { model, adapter, stop } = config;
  const opened = await openBaseModel(host.runtime, model, adapter, { chat: config, notices: host });
  if (stop.length > 0) tokenizerOf(opened);
  return opened;
}

async function generatorFor(
  opened: OpenedModel,
  { base, baseError }: CompletionConfig,
  texts: Texts,
  host: WorkHost,
): Promise<Generator> {
  return generatorOf(
    host.runtime,
    await chosenNetwork(host.runtime, opened, { base, baseError }, texts, host),
  );
}

const roomOf = ({ batchSize, cacheMegabytes }: CompletionConfig): CacheSizeOptions => ({
  batchSize,
  cacheBytes: cacheMegabytes && cacheMegabytes * 1e6,
});

const rowOf = ({ ids, text, finishReason }: Completion): CompletionRow => ({
  completion: text ?? null,
  completion_ids: ids,
  finish_reason: finishReason,
});

/** The prompt's token ids. @throws PlumbError, which names the line. */
function requestIds(
  row: LocatedRow,
  opened: OpenedModel,
  sampling: SamplingConfig,
  unread: UnreadCount,
): number[] {
  const ids = encode(row, opened, unread);
  checkPrompt(row.where, ids, opened, sampling);
  return ids;
}

function encode(row: LocatedRow, opened: OpenedModel, unread: UnreadCount): number[] {
  const { where } = row;
  const form = formOf(row, FORMS);
  if (form === "ids") {
    unread.add({ unread: unreadBeside(row.value, FORMS.ids), where });
    return tokenIds(row, opened.config);
  }
  const tokenizer = tokenizerOf(opened);
  if (form === "messages") {
    const checked = checkRow(row, "messages");
    const { messages, tools } = toConversation(checked);
    unread.add(checked);
    return named(where, () => encodePrompt(tokenizer, messages, tools));
  }
  const checked = checkRow(row, "prompt-only");
  const { prompt, tools } = toPrompt(checked);
  unread.add(checked);
  // Text is continued as it stands, also where it is a transcript that training would read as turns.
  const { prompt: given, system } = checked.fields;
  const asGiven =
    typeof given === "string" && !system && tools === undefined && !checked.fields.history?.length;
  return named(where, () => encodePrompt(tokenizer, asGiven ? given : prompt, tools));
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
