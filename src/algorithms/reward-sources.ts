import { PlumbError } from "../base/errors.js";
import { shown } from "../base/explain-issue.js";
import type { Completion } from "../generate/index.js";
import { promptCompletion } from "../model/batch.js";
import type { Scorer } from "../model/learner.js";
import { type Batching, sequenceScores } from "../model/score.js";

/** A prompt as sources of rewards see it. */
export interface RewardPrompt {
  ids: readonly number[];
  text: string;
  /** Fields of the prompt's row that are not part of any format, such as the right answer. */
  meta?: Readonly<Record<string, unknown>>;
}

/** What a reward function receives for one response. */
export interface RewardInput {
  prompt: string;
  /** Fields of the prompt's row that are not part of any format; empty where there are none. */
  meta: Readonly<Record<string, unknown>>;
  response: string;
  /** The response's tokens, including the end-of-sequence token if there is one. */
  ids: readonly number[];
  finishReason: Completion["finishReason"];
}

/** One for each response; null where it cannot be scored. */
export type Rewards = (number | null)[];

/** A user-defined reward: returns one number per response, or null for one that it cannot score. */
export type RewardFunction = (
  inputs: readonly RewardInput[],
) => readonly (number | null)[] | Promise<readonly (number | null)[]>;

/** A source of rewards and its weight in the sum. */
export interface RewardSource {
  name: string;
  weight: number;
  /** One reward for each response; null where it cannot be scored, which is not the same as 0. */
  score(prompts: readonly RewardPrompt[], completions: readonly Completion[]): Promise<(number | null)[]>;
}

/** A source that can score every response. */
export interface ModelReward extends RewardSource {
  score(prompts: readonly RewardPrompt[], completions: readonly Completion[]): Promise<number[]>;
}

/**
 * Rewards from a reward model, computed on the sampled tokens themselves: (raw - mean) / std.
 *
 * @param through the response's tokens up to where the model is read; default: as they were sampled.
 */
export function modelReward(
  name: string,
  weight: number,
  scorer: Scorer,
  normalization: { mean: number; std: number },
  batching: Batching,
  through: (ids: readonly number[]) => readonly number[] = (ids) => ids,
): ModelReward {
  return {
    name,
    weight,
    score: async (prompts, completions) => {
      const sequences = prompts.map((prompt, i) => promptCompletion(prompt.ids, through(completions[i].ids)));
      const raw = await sequenceScores(scorer, sequences, batching);
      return raw.map((score) => (score - normalization.mean) / normalization.std);
    },
  };
}

/**
 * Rewards from a function. `score` throws a PlumbError unless the function returns one finite number or null per response.
 */
export function functionReward(name: string, weight: number, reward: RewardFunction): RewardSource {
  return {
    name,
    weight,
    score: async (prompts, completions) => {
      const inputs = completions.map((completion, i) => ({
        prompt: prompts[i].text,
        meta: prompts[i].meta ?? {},
        response: completion.text ?? "",
        ids: completion.ids,
        finishReason: completion.finishReason,
      }));
      return checkedRewards(await reward(inputs), inputs.length, `the reward function "${name}"`);
    },
  };
}

/**
 * What a reward function returned, if it is one finite number or null per response.
 *
 * @param what names the function.
 */
export function checkedRewards(returned: unknown, responses: number, what: string): Rewards {
  if (!Array.isArray(returned) || returned.length !== responses) {
    const got = Array.isArray(returned) ? `${returned.length}` : shown(returned);
    throw new PlumbError(`${what} must return ${responses} numbers, one per response; it returned ${got}`);
  }
  const bad = returned.findIndex((score) => score !== null && !Number.isFinite(score));
  if (bad >= 0)
    throw new PlumbError(`${what} gave ${shown(returned[bad])} for response ${bad + 1}`, {
      hint: "Return a finite number, or null for a response that cannot be scored: it is then counted, and not learned from.",
    });
  return [...returned];
}

/**
 * The weighted sum over the sources for each response, null where one of them could not score it, and each source's
 * unweighted rewards.
 */
export async function totalRewards(
  sources: readonly RewardSource[],
  prompts: readonly RewardPrompt[],
  completions: readonly Completion[],
): Promise<{ totals: Rewards; byName: Record<string, Rewards> }> {
  if (sources.length === 0)
    throw new PlumbError("there is nothing to optimise: give a reward model or a reward function");
  const totals: Rewards = new Array(prompts.length).fill(0);
  const byName: Record<string, Rewards> = {};
  for (const source of sources) {
    const scores = await source.score(prompts, completions);
    byName[source.name] = scores;
    for (const [i, score] of scores.entries()) {
      const before = totals[i];
      totals[i] = before === null || score === null ? null : before + source.weight * score;
    }
  }
  return { totals, byName };
}
