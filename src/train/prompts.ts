import type { PromptTokens } from "../algorithms/rollout.js";
import { PlumbError } from "../base/errors.js";
import { describePrompt, encodePromptRow, type PromptRow, rowError } from "../data/index.js";
import { clustersOf } from "../statistics/clusters.js";
import type { Tokenizer } from "../text/index.js";
import { spread } from "./rows.js";

export interface PromptLimits {
  /** Most tokens of a prompt; null: what the context leaves after the response. */
  maxPromptLength: number | null;
  longPrompts: "skip" | "cut" | "error";
  maxNewTokens: number;
}

/**
 * Prompts as tokens; those that are too long are skipped, cut to their end, or an error, as `longPrompts` says.
 *
 * @param context the model's context length in tokens. @throws PlumbError naming a row, or when no prompt is left.
 */
export function encodePrompts(
  tokenizer: Tokenizer,
  rows: readonly PromptRow[],
  context: number,
  { maxPromptLength, longPrompts, maxNewTokens }: PromptLimits,
): { prompts: PromptTokens[]; long: number } {
  const room = context - maxNewTokens;
  if (room < 1) {
    throw new PlumbError(
      `responses of ${maxNewTokens} tokens leave no room for a prompt in a context of ${context}`,
      {
        hint: "Lower maxNewTokens.",
      },
    );
  }
  const most = Math.min(room, maxPromptLength ?? room);
  const prompts: PromptTokens[] = [];
  let long = 0;
  for (const row of rows) {
    const ids = encodePromptRow(tokenizer, row);
    if (ids.length > most) {
      long++;
      if (longPrompts === "error") {
        throw rowError(row.where, `the prompt has ${ids.length} tokens; at most ${most} fit`, LONG_HINT);
      }
      if (longPrompts === "skip") continue;
    }
    prompts.push({
      ids: ids.slice(-most),
      text: describePrompt(row.prompt),
      ...(row.meta && { meta: row.meta }),
    });
  }
  if (prompts.length > 0) return { prompts, long };
  throw new PlumbError(`all ${rows.length} prompts are longer than ${most} tokens`, { hint: LONG_HINT });
}

const LONG_HINT = "Raise maxPromptLength, lower maxNewTokens, or set longPrompts to skip or cut.";

/**
 * Splits prompts into those to train on and up to `wanted`, at most a quarter, to compare start and end on. The latter
 * are different from each other and from those to train on; a prompt that is there several times counts once.
 */
export function splitPrompts(
  prompts: readonly PromptTokens[],
  wanted: number,
): { train: PromptTokens[]; evaluation: PromptTokens[] } {
  const same = clustersOf(
    prompts,
    prompts.map(({ ids }) => ids.join(" ")),
  );
  const { picked } = spread(same, Math.min(wanted, Math.floor(same.length / 4)));
  const compared = new Set(picked.flat());
  return {
    train: prompts.filter((prompt) => !compared.has(prompt)),
    evaluation: picked.map(([first]) => first),
  };
}
