/** Settings and data of the methods that learn from judged answers: pairs as tokens, cut, and split by conversation. */
import { z } from "zod";
import { type AnswerPair, cutPair, tokensReadOf } from "../algorithms/answers.js";
import { PlumbError } from "../base/errors.js";
import { inGroup } from "../base/setting-groups.js";
import {
  conversationKey,
  describeLocation,
  encodePreferenceTexts,
  encodePrompt,
  holdOut,
  type Offered,
  type PreferenceRow,
  preferenceNames,
  type RowLocation,
  type TextOrMessages,
} from "../data/index.js";
import type { Encoded, Reader } from "./method.js";
import { spread } from "./rows.js";

export const directRunSettings = {
  holdOut: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe("share of the conversations kept to measure on: with 0.1 every tenth, with all of its rows"),
  ...inGroup("sampling", {
    evalPrompts: z
      .number()
      .int()
      .min(0)
      .default(32)
      .describe("held-out prompts that the policy answers at the end, for its KL to where it began; 0: none"),
    maxNewTokens: z.number().int().positive().default(64).describe("longest of those answers, in tokens"),
  }),
};

export const aspectSetting = z
  .string()
  .min(1)
  .optional()
  .describe("of a project: the aspect to learn; by default the first that it asks");

type DirectSettings = z.output<z.ZodObject<typeof directRunSettings>> & { maxLength: number };

/** A pair that is kept to measure on, and the conversation that it belongs to. */
export type HeldOutPair = AnswerPair & { conversation: string };

/** Pairs of answers, encoded for a direct method. */
export interface PairData extends Encoded {
  train: readonly AnswerPair[];
  heldOut: readonly HeldOutPair[];
  /** Token ids of held-out prompts to answer at the end. */
  prompts: readonly (readonly number[])[];
}

/**
 * Pairs as tokens. Left out, with a warning that names the first: those whose sides are the same, and those of which a side has no
 * token of its answer within maxLength.
 *
 * @throws PlumbError if none is left to train on.
 */
export function encodePairs(
  rows: readonly PreferenceRow[],
  reader: Reader,
  config: DirectSettings,
): PairData {
  const { tokenizer } = reader;
  const { holdOut: share, maxLength } = config;
  const split = holdOut(rows, share, preferenceNames);
  const left = new LeftOut(rows.length, "pairs");
  let cut = 0;
  const encode = (row: PreferenceRow): AnswerPair[] => {
    const { noise, weight, where } = row;
    const extras = { ...(noise !== undefined && { noise }), ...(weight !== undefined && { weight }) };
    const whole = { ...encodePreferenceTexts(tokenizer, row), ...extras };
    const pair = cutPair(whole, maxLength);
    if (pair.chosen.ids.join() === pair.rejected.ids.join())
      return left.out(`have the same answer on both sides (within ${maxLength} tokens)`, where);
    if (tokensReadOf(pair.chosen) === 0 || tokensReadOf(pair.rejected) === 0)
      return left.out(`have a side without an answer within ${maxLength} tokens`, where);
    if (pair !== whole) cut++;
    return [pair];
  };
  const pairs = new Map(rows.map((row) => [row, encode(row)]));
  const pairsOf = (row: PreferenceRow): AnswerPair[] => pairs.get(row) ?? [];
  const train = split.train.flatMap(pairsOf);
  const heldOut = split.heldOut.flatMap((row) =>
    pairsOf(row).map((pair) => ({ ...pair, conversation: conversationKey(row.prompt, row.chosen) })),
  );
  if (train.length === 0)
    throw new PlumbError(`there is no pair to learn from: ${left.reasons().join("; ")}`, {
      hint: "Look at the data with plumb data; texts are compared as they are cut (--max-length).",
    });
  return {
    train,
    heldOut,
    warnings: left.reasons(),
    texts: train.map(({ chosen }) => chosen.ids),
    prompts: promptsToAnswer(split.heldOut, reader, config),
    said: [
      `${train.length} pairs to train on, ${heldOut.length} held out` +
        (cut > 0 ? `; ${cut} are cut to ${maxLength} tokens` : ""),
    ],
  };
}

/** Counts the rows that are left out, by reason, with the first of each. */
export class LeftOut {
  private readonly counts = new Map<string, { count: number; first: RowLocation }>();

  constructor(
    private readonly rows: number,
    private readonly unit: string,
  ) {}

  /** @returns no row. */
  out(reason: string, where: RowLocation): [] {
    const known = this.counts.get(reason);
    if (known) known.count++;
    else this.counts.set(reason, { count: 1, first: where });
    return [];
  }

  reasons(): string[] {
    return [...this.counts].map(
      ([reason, { count, first }]) =>
        `${count} of ${this.rows} ${this.unit} ${reason} and are left out, first ${describeLocation(first)}`,
    );
  }
}

/** Different prompts of held-out rows, at most `evalPrompts`, that leave room in the context for an answer. */
export function promptsToAnswer(
  rows: readonly ({ prompt: TextOrMessages } & Offered)[],
  { tokenizer, context }: Reader,
  { evalPrompts, maxNewTokens }: Pick<DirectSettings, "evalPrompts" | "maxNewTokens">,
): number[][] {
  const byTokens = new Map<string, number[]>();
  for (const { prompt, tools } of evalPrompts === 0 ? [] : rows) {
    const ids = encodePrompt(tokenizer, prompt, tools);
    if (ids.length > 0 && ids.length + maxNewTokens <= context) byTokens.set(ids.join(), ids);
  }
  const prompts = [...byTokens.values()];
  return spread(prompts, Math.min(evalPrompts, prompts.length)).picked;
}

/** Which of the columns that pairs may have the method does not read, with how many have them. */
export function unreadOfPairs(
  rows: readonly PreferenceRow[],
  method: string,
  columns: readonly ("noise" | "margin")[],
): string[] {
  return columns.flatMap((column) => {
    const count = rows.filter((row) => (row[column] ?? 0) > 0).length;
    return count > 0
      ? [`${count} of ${rows.length} pairs have a ${column}, which ${method} does not read`]
      : [];
  });
}
