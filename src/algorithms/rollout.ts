/** What every online method starts from: responses sampled from the policy, their rewards, and who finds them how likely. */
import { type Completion, type Generator, UNFILTERED } from "../generate/index.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import type { Packing } from "../model/lay-out.js";
import type { Scorer } from "../model/learner.js";
import { sequenceLogProbs, sequenceLogProbsAndEntropies } from "../model/score.js";
import { type RewardSource, totalRewards } from "./reward-sources.js";
import { meanOf } from "./statistics.js";

export interface PromptTokens {
  ids: readonly number[];
  /** What reward functions and logs show. */
  text: string;
}

/** One response; arrays have one entry per response token, T. */
export interface Rollout {
  prompt: PromptTokens;
  sequence: Sequence;
  completion: Completion;
  /** [T], of the policy that sampled, at the sampling temperature. */
  logProbs: Float32Array;
  /** [T], of the reference. */
  referenceLogProbs: Float32Array;
  /** Mean entropy of the distributions its tokens were drawn from, in nats. */
  entropy: number;
  /** The weighted sum of `rewards`. */
  reward: number;
  /** By source, unweighted. */
  rewards: Readonly<Record<string, number>>;
}

/** Who takes part in a rollout. */
export interface Actors {
  policy: Scorer;
  reference: Scorer;
  generator: Pick<Generator, "generate">;
  rewards: readonly RewardSource[];
  padId: number;
}

export interface RolloutConfig {
  temperature: number;
  maxNewTokens: number;
  microBatchSize: number;
  packing: Packing;
  /** Networks that run at once: reward sources, policy, reference. */
  parallel: number;
  seed: number;
}

/** @param firstRow names the draws of the first prompt; the others' follow. */
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
