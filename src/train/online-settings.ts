/** Settings of methods that sample from the policy and learn from rewards; reading and encoding of their data. */
import { z } from "zod";
import type { RewardSource } from "../algorithms/reward-sources.js";
import type { PromptTokens } from "../algorithms/rollout.js";
import { PlumbError } from "../base/errors.js";
import { inGroup } from "../base/setting-groups.js";
import { loadPrompts, type PromptRow } from "../data/index.js";
import type { Encoded, Reader } from "./method.js";
import { encodePrompts, type PromptLimits, splitPrompts } from "./prompts.js";
import { loadRewardFunction, rewardFunctionSchema } from "./reward-functions.js";
import { loadAll } from "./rows.js";

export const onlineSettings = {
  ...inGroup("files", {
    rewardModel: z
      .array(z.string().min(1))
      .default([])
      .describe("folders that `plumb reward` wrote, or models for sequence classification"),
    rewardWeights: z.array(z.number()).default([]).describe("one for each reward model; default 1 each"),
    rewardFunctions: z
      .array(rewardFunctionSchema)
      .default([])
      .describe(
        "your own rewards: [{module: ./brevity.mjs, export: default, weight: 1, name: brevity}]; the export takes a list of { prompt, meta, response, ids, finishReason }, meta being the other fields of the row and ids with the end of sequence, and returns a number for each",
      ),
    maxPromptLength: z
      .number()
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe("in tokens; default: what the context leaves"),
    longPrompts: z
      .enum(["skip", "cut", "error"])
      .default("skip")
      .describe("what to do with longer prompts; cut keeps the end"),
  }),
  evalPrompts: z
    .number()
    .int()
    .min(0)
    .default(64)
    .describe("prompts kept from training, to compare start and end on; at most a quarter"),
};
type OnlineSettings = z.output<z.ZodObject<typeof onlineSettings>>;

/** What the methods that sample their own responses read: rewards given as functions, and prompts. */
export interface OnlineRows {
  functions: readonly RewardSource[];
  prompts: readonly PromptRow[];
}

/** Prompts encoded for an online method. */
export interface OnlineData extends Encoded {
  functions: readonly RewardSource[];
  train: readonly PromptTokens[];
  /** Prompts on which start and end are compared. */
  evaluation: readonly PromptTokens[];
  /** How many prompts were too long. */
  long: number;
}

/** Reads prompts and reward functions. @throws PlumbError if there is no reward. */
export async function readOnline(
  config: OnlineSettings & { data: readonly string[]; limit?: number | undefined },
  warn: (message: string) => void,
): Promise<OnlineRows> {
  checkRewards(config);
  const functions = await Promise.all(config.rewardFunctions.map(loadRewardFunction));
  const options = { limit: config.limit, warn, metaIsRead: functions.length > 0 };
  return { functions, prompts: await loadAll(config.data, loadPrompts, options) };
}

function checkRewards({ rewardModel, rewardFunctions, rewardWeights }: OnlineSettings): void {
  if (rewardModel.length + rewardFunctions.length === 0) {
    throw new PlumbError("there is nothing to optimise", {
      hint: "Give --reward-model or --reward-functions.",
    });
  }
  if (rewardWeights.length > rewardModel.length)
    throw new PlumbError(`${rewardWeights.length} weights for ${rewardModel.length} reward models`);
}

/** @throws PlumbError if no prompt is left, or for a long one with longPrompts "error". */
export function encodeOnline(
  { functions, prompts: rows }: OnlineRows,
  { tokenizer, context }: Reader,
  config: PromptLimits & Pick<OnlineSettings, "evalPrompts">,
): OnlineData {
  const { prompts, long } = encodePrompts(tokenizer, rows, context, config);
  const { train, evaluation } = splitPrompts(prompts, config.evalPrompts);
  const what = config.longPrompts === "skip" ? "skipped" : "cut";
  const tooLong = long > 0 ? `; ${long} too long, ${what}` : "";
  return {
    functions,
    train,
    evaluation,
    long,
    texts: train.map(({ ids }) => ids),
    ...(isOneText(prompts) && {
      warnings: [
        `all ${prompts.length} prompts are the same: the policy learns one answer, and start and end are compared on it`,
      ],
    }),
    said: [`${train.length} prompts to train on, ${evaluation.length} to compare on${tooLong}`],
  };
}

const isOneText = (prompts: readonly PromptTokens[]): boolean =>
  prompts.length > 1 && new Set(prompts.map(({ ids }) => ids.join())).size === 1;
