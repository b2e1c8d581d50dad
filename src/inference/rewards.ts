/** Rewards of texts from a reward model, line by line, and its accuracy on preferences. */
import { z } from "zod";
import { type LocatedRow, rowError } from "../base/location.js";
import { conversationKey } from "../data/conversation.js";
import { checkRow } from "../data/formats.js";
import { toDemonstrations, toPreferences } from "../data/normalise.js";
import { openRequests } from "../data/request-lines.js";
import { encodeDemonstration, encodePreference } from "../data/tokenize.js";
import { UnreadCount, unreadBeside } from "../data/unread-columns.js";
import { openRewardModel, type RewardModel, readThrough } from "../model/reward-model.js";
import { rewardBase } from "../open/base-precision.js";
import { textsOfRequests } from "../open/calibration-texts.js";
import type { WorkHost } from "../open/host.js";
import { baseSettings } from "../open/model-settings.js";
import { formOf, tokenIds } from "../open/request-forms.js";
import { rewardScores } from "../open/reward-scores.js";
import { preferenceAccuracy, type WinRate } from "../statistics/estimates.js";
import { CHUNK_BATCHES, lineProgress, lineSettings } from "./lines.js";

/** Settings: the reward model and the texts. */
export const rewardsSchema = z.object({
  rewardModel: z
    .string()
    .min(1)
    .describe(
      "a folder that plumb reward wrote, a model for sequence classification, or a PEFT adapter of one",
    ),
  model: z
    .string()
    .min(1)
    .optional()
    .describe("the base of such an adapter, instead of the one that it names"),
  ...baseSettings,
  ...lineSettings,
});

const FORMS = {
  ids: ["input_ids"],
  preference: ["chosen", "rejected"],
  "openai-preference": ["input", "preferred_output", "non_preferred_output"],
  completion: ["prompt", "completion"],
  messages: ["messages"],
};

/** The reward of a text, or of both sides of a preference: (raw - mean) / std, as the reward model normalises it. */
export type RewardRow = { score: number } | { chosen_score: number; rejected_score: number };

/** Token ids of a text, or of both sides of a preference, with the chosen one first. */
interface Request {
  texts: (readonly number[])[];
  /** Key of a preference's conversation: rows with the same key are one cluster. */
  conversation?: string;
}

/**
 * The rewards of every line of `input`, in its order; returns the accuracy on its preferences if it has any.
 *
 * @throws PlumbError, which names the line, if one is invalid: for a file before the first result, for a stream chunk
 * by chunk.
 */
export async function* rewardsOfLines(
  { rewardModel, model, input, batchSize, ...settings }: z.output<typeof rewardsSchema>,
  host: WorkHost,
): AsyncGenerator<RewardRow, (WinRate & { n: number }) | undefined> {
  const { runtime, signal } = host;
  const unread = new UnreadCount();
  const texts =
    ({ config, tokenizer }: Partial<Pick<RewardModel, "tokenizer">> & Pick<RewardModel, "config">) =>
    async () => {
      if (!tokenizer) return [];
      const lines = await openRequests(input, (row) => parseRequest(row, { config, tokenizer }, unread));
      return textsOfRequests(lines, (request) => request.texts);
    };
  const choose = rewardBase(runtime, settings, texts, host);
  const opened = await openRewardModel(runtime, rewardModel, { choose, model, notices: host });
  const requests = await openRequests(input, (row) => parseRequest(row, opened, unread));
  const progress = lineProgress(host, "scores", requests);
  const pairs: { chosen: number; rejected: number }[] = [];
  const clusters: unknown[] = [];
  let [done, cut] = [0, 0];
  for await (const chunk of requests.chunks(CHUNK_BATCHES * batchSize)) {
    signal.throwIfAborted();
    const all = chunk.flatMap((request) => request.texts);
    cut += all.filter((ids) => ids.length > opened.maxLength).length;
    const scores = await rewardScores(opened, all, batchSize);
    let next = 0;
    for (const request of chunk) {
      const [first, second] = request.texts.map(() => scores[next++]);
      if (second === undefined) yield { score: first };
      else {
        pairs.push({ chosen: first, rejected: second });
        clusters.push(request.conversation);
        yield { chosen_score: first, rejected_score: second };
      }
    }
    done += chunk.length;
    progress.update(done);
  }
  progress.end();
  unread.report(input, host.warn);
  if (cut > 0) host.warn(`${cut} texts have more than ${opened.maxLength} tokens; only the last were read`);
  if (pairs.length === 0) return undefined;
  return { ...preferenceAccuracy(pairs, { clusters }), n: pairs.length };
}

/** A line as token ids. @throws PlumbError, which names the line. */
function parseRequest(
  row: LocatedRow,
  opened: Pick<RewardModel, "tokenizer" | "config" | "after">,
  unread: UnreadCount,
): Request {
  const { tokenizer, config } = opened;
  const { where } = row;
  const form = formOf(row, FORMS);
  if (form === "ids") {
    unread.add({ unread: unreadBeside(row.value, FORMS.ids), where });
    return { texts: [tokenIds(row, config)] };
  }
  if (form === "preference" || form === "openai-preference") {
    const checked = checkRow(row, form);
    const [preference] = toPreferences(checked);
    unread.add(checked);
    const { chosen, rejected } = encodePreference(tokenizer, preference);
    const conversation = conversationKey(preference.prompt, preference.chosen);
    return { texts: [chosen, rejected].map((ids) => readThrough(opened, ids)), conversation };
  }
  const checked = form === "messages" ? checkRow(row, "messages") : checkRow(row, "prompt-completion");
  const [demonstration] = toDemonstrations(checked);
  unread.add(checked);
  const { ids } = encodeDemonstration(tokenizer, demonstration);
  if (ids.length === 0) throw rowError(where, "the text has no tokens");
  return { texts: [readThrough(opened, ids)] };
}
