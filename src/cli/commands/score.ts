import { z } from "zod";
import { formatNumber } from "../../base/format.js";
import type { LocatedRow, RowLocation } from "../../base/location.js";
import { rowError } from "../../base/location.js";
import { conversationKey } from "../../data/conversation.js";
import { checkRow } from "../../data/formats.js";
import { toDemonstrations, toPreferences } from "../../data/normalise.js";
import { openRequests } from "../../data/request-lines.js";
import { encodeDemonstration, encodePreference } from "../../data/tokenize.js";
import { openRewardModel, type RewardModel } from "../../model/reward-model.js";
import { rewardBase } from "../../open/base-precision.js";
import { textsOfRequests } from "../../open/calibration-texts.js";
import { baseSettings } from "../../open/model-settings.js";
import { createRuntime } from "../../open/open-network.js";
import { formOf, tokenIds } from "../../open/request-forms.js";
import { rewardScores } from "../../open/reward-scores.js";
import { preferenceAccuracy } from "../../statistics/estimates.js";
import { defineCommand } from "../command.js";
import { lineProgress } from "../line-progress.js";

const schema = z.object({
  rewardModel: z
    .string()
    .min(1)
    .describe("a folder that plumb reward wrote, or a model for sequence classification"),
  ...baseSettings,
  input: z.string().min(1).describe("JSON lines (or another dataset file); - for stdin"),
  batchSize: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(16)
    .describe("most texts in one run; does not change the result"),
});

const FORMS = {
  ids: ["input_ids"],
  preference: ["chosen", "rejected"],
  "openai-preference": ["input", "preferred_output", "non_preferred_output"],
  completion: ["prompt", "completion"],
  messages: ["messages"],
};
/** Lines that are read, scored and answered together, in batches. */
const CHUNK_BATCHES = 8;

/** Token ids of a text, or of both sides of a preference, the chosen one first. */
interface Request {
  texts: number[][];
  /** What tells a preference's conversation from others. */
  conversation?: string;
  where: RowLocation;
}

export default defineCommand({
  description: `Rewards of texts by a reward model, one line of JSON for each line of input and in its order: {"score":x}, or {"chosen_score":x,"rejected_score":y} for a preference.

Lines hold {"chosen":...,"rejected":...} with or without "prompt" (TRL's preference formats, Anthropic's HH transcripts; OpenAI's preference format too), {"prompt":...,"completion":...}, {"messages":[...]}, scored at the end of the last answer, or {"input_ids":[...]}; other fields are ignored. Texts are encoded as in training: a completion ends with the end-of-sequence token, and of texts longer than the model was trained on the last tokens are read. Scores are normalised as the model was saved: (raw - mean) / std.

With --json a last line gives the accuracy over the preferences, ties counting half, with its 95% interval over conversations: {"accuracy":..,"low":..,"high":..,"n":..}. A file is checked whole before the first answer; stdin is checked and answered in chunks of ${CHUNK_BATCHES} batches.`,
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
  schema,
  async run({ ui, json, signal }, { rewardModel, input, batchSize, ...settings }) {
    const runtime = createRuntime();
    const choose = rewardBase(
      runtime,
      settings,
      ({ config, tokenizer }) =>
        async () => {
          if (!tokenizer) return [];
          const lines = await openRequests(input, (row) => parseRequest(row, { config, tokenizer }));
          return textsOfRequests(lines, ({ texts }) => texts);
        },
      ui,
    );
    const opened = await openRewardModel(runtime, rewardModel, new Map(), choose);
    const requests = await openRequests(input, (row) => parseRequest(row, opened));
    const progress = lineProgress(ui, "scores", requests);
    const pairs: { chosen: number; rejected: number }[] = [];
    const clusters: unknown[] = [];
    let [done, cut] = [0, 0];
    for await (const chunk of requests.chunks(CHUNK_BATCHES * batchSize)) {
      signal.throwIfAborted();
      const texts = chunk.flatMap((request) => request.texts);
      cut += texts.filter((ids) => ids.length > opened.maxLength).length;
      const scores = await rewardScores(opened, texts, batchSize);
      let next = 0;
      for (const request of chunk) {
        const [first, second] = request.texts.map(() => scores[next++]);
        if (second === undefined) await ui.row({ score: first });
        else {
          pairs.push({ chosen: first, rejected: second });
          clusters.push(request.conversation);
          await ui.row({ chosen_score: first, rejected_score: second });
        }
      }
      done += chunk.length;
      progress.update(done);
    }
    progress.end();
    if (cut > 0) ui.warn(`${cut} texts have more than ${opened.maxLength} tokens; their last ones were read`);
    if (pairs.length === 0) return;
    const { estimate: accuracy, low, high } = preferenceAccuracy(pairs, { clusters });
    if (json) await ui.row({ accuracy, low, high, n: pairs.length });
    else
      ui.info(
        `accuracy ${formatNumber(accuracy)} (${formatNumber(low)} to ${formatNumber(high)}), n = ${pairs.length}`,
      );
  },
});

/** @throws PlumbError naming the line. */
function parseRequest(
  row: LocatedRow,
  { tokenizer, config }: Pick<RewardModel, "tokenizer" | "config">,
): Request {
  const { where } = row;
  const form = formOf(row, FORMS);
  if (form === "ids") return { texts: [tokenIds(row, config)], where };
  if (form === "preference" || form === "openai-preference") {
    const [preference] = toPreferences(checkRow(row, form));
    const { chosen, rejected } = encodePreference(tokenizer, preference);
    const conversation = conversationKey(preference.prompt, preference.chosen);
    return { texts: [chosen, rejected], conversation, where };
  }
  const checked = form === "messages" ? checkRow(row, "messages") : checkRow(row, "prompt-completion");
  const [demonstration] = toDemonstrations(checked);
  const { ids } = encodeDemonstration(tokenizer, demonstration);
  if (ids.length === 0) throw rowError(where, "the text has no tokens");
  return { texts: [ids], where };
}
