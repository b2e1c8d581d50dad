/**
 * The start of every online method: responses sampled from the policy, their rewards, and their log-probabilities under
 * policy and reference.
 */
import { PlumbError } from "../base/errors.js";
import { type Completion, type Generator, UNFILTERED } from "../generate/index.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import type { Packing } from "../model/lay-out.js";
import type { Scorer } from "../model/learner.js";
import { sequenceLogProbs, sequenceLogProbsAndEntropies } from "../model/score.js";
import { type RewardPrompt, type RewardSource, totalRewards } from "./reward-sources.js";
import { meanOf } from "./statistics.js";

/** A prompt as token ids, ready to be continued. */
export interface PromptTokens extends RewardPrompt {
  /** The prompt as reward functions and logs show it. */
  text: string;
}

/** One response; arrays have one entry per response token, T. */
export interface Rollout {
  prompt: PromptTokens;
  sequence: Sequence;
  completion: Completion;
  /** [T], under the policy that sampled, at the sampling temperature. */
  logProbs: Float32Array;
  /** [T], under the reference. */
  referenceLogProbs: Float32Array;
  /** Mean entropy, in nats, of the distributions that the response's tokens were drawn from. */
  entropy: number;
  /** The weighted sum of `rewards`; null where one of them is. */
  reward: number | null;
  /** Unweighted rewards by source; null where it could not score the response. */
  rewards: Readonly<Record<string, number | null>>;
}

/** Whether the reward of a response is known. */
export const isScored = <R extends Pick<Rollout, "reward">>(
  response: R,
): response is R & { reward: number } => response.reward !== null;

/** The networks and rewards that a rollout needs. */
export interface Actors {
  policy: Scorer;
  reference: Scorer;
  generator: Pick<Generator, "generate">;
  rewards: readonly RewardSource[];
  padId: number;
}

/** What sampling responses and scoring them needs of a method's settings. */
export interface RolloutConfig {
  temperature: number;
  maxNewTokens: number;
  microBatchSize: number;
  packing: Packing;
  /** Networks that may run at once, out of three: reward sources, policy, reference. */
  parallel: number;
  seed: number;
}

/**
 * Samples one response to each prompt and scores it.
 *
 * @param firstRow number of the first prompt's random draws; those of the others follow.
 * @throws PlumbError if the rewards can score none of the responses.
 */
export async function rollout(
  { policy, reference, generator, rewards, padId }: Actors,
  prompts: readonly PromptTokens[],
  { temperature, maxNewTokens, microBatchSize, packing, parallel, seed }: RolloutConfig,
  firstRow: number,
): Promise<Rollout[]> {
  const ids = prompts.map((prompt) => prompt.ids);
  const sampling = { ...UNFILTERED, maxNewTokens, temperature, seed };
  const completions = await generator.generate(ids, sampling, { firstRow, batchSize: prompts.length });
  const sequences = ids.map((prompt, i) => promptCompletion(prompt, completions[i].ids));
  const batching = { rows: microBatchSize, padId, packing };
  const scored = totalRewards(rewards, prompts, completions);
  if (parallel < 3) await scored;
  const now = sequenceLogProbsAndEntropies(policy, sequences, batching, temperature);
  if (parallel < 2) await now;
  const before = sequenceLogProbs(reference, sequences, batching, temperature);
  const [{ totals, byName }, ofPolicy, ofReference] = await Promise.all([scored, now, before]);
  if (totals.every((reward) => reward === null))
    throw new PlumbError(
      `none of the ${totals.length} responses could be scored: there is nothing to learn from`,
      {
        hint: `Each has null from ${Object.keys(byName).join(" or ")}: see what it asks of a response.`,
      },
    );
  return sequences.map((sequence, i) => ({
    prompt: prompts[i],
    sequence,
    completion: completions[i],
    logProbs: ofPolicy[i].logProbs,
    referenceLogProbs: ofReference[i],
    entropy: meanOf(ofPolicy[i].entropies),
    reward: totals[i],
    rewards: Object.fromEntries(Object.entries(byName).map(([name, scores]) => [name, scores[i]])),
  }));
}
