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

/** A user-defined reward: returns one number per response. */
export type RewardFunction = (
  inputs: readonly RewardInput[],
) => readonly number[] | Promise<readonly number[]>;

/** A source of rewards and its weight in the sum. */
export interface RewardSource {
  name: string;
  weight: number;
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
): RewardSource {
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

/** Rewards from a function. `score` throws a PlumbError unless the function returns one finite number per response. */
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

/** What a reward function returned, if it is one finite number per response. @param what names the function. */
export function checkedRewards(returned: unknown, responses: number, what: string): number[] {
  if (!Array.isArray(returned) || returned.length !== responses) {
    const got = Array.isArray(returned) ? `${returned.length}` : shown(returned);
    throw new PlumbError(`${what} must return ${responses} numbers, one per response; it returned ${got}`);
  }
  const bad = returned.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) throw new PlumbError(`${what} gave ${shown(returned[bad])} for response ${bad + 1}`);
  return [...returned];
}

/** The weighted sum over the sources for each response, and each source's unweighted rewards. */
export async function totalRewards(
  sources: readonly RewardSource[],
  prompts: readonly RewardPrompt[],
  completions: readonly Completion[],
): Promise<{ totals: number[]; byName: Record<string, number[]> }> {
  if (sources.length === 0)
    throw new PlumbError("there is nothing to optimise: give a reward model or a reward function");
  const totals = new Array<number>(prompts.length).fill(0);
  const byName: Record<string, number[]> = {};
  for (const source of sources) {
    const scores = await source.score(prompts, completions);
    byName[source.name] = scores;
    for (const [i, score] of scores.entries()) totals[i] += source.weight * score;
  }
  return { totals, byName };
}
