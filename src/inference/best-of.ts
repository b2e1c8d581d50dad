/** Best of n: of several completions of a prompt, the one that a reward model prefers (Stiennon et al. 2020). */
import { bestOf } from "../algorithms/groups.js";
import type { Completion } from "../generate/index.js";
import { openRewardModel, readThrough } from "../model/reward-model.js";
import type { WorkHost } from "../open/host.js";
import { type OpenedModel, tokenizerOf } from "../open/open-network.js";
import { rewardScores } from "../open/reward-scores.js";
import { checkSameTokens } from "../open/same-tokens.js";

/** The best completion, of equal ones the first, and its reward: (raw - mean) / std, as the reward model normalises it. */
export interface Best {
  completion: Completion;
  reward: number;
}
/** Chooses among the completions of a prompt. */
export type Judge = (prompt: readonly number[], completions: readonly Completion[]) => Promise<Best>;

/**
 * @param rewardModel its name. @param sampled the model whose completions it judges. @throws PlumbError if the two differ in their
 * tokens.
 */
export async function openJudge(
  rewardModel: string,
  sampled: OpenedModel,
  batchSize: number,
  host: WorkHost,
): Promise<Judge> {
  const opened = await openRewardModel(host.runtime, rewardModel, { notices: host });
  checkSameTokens({ config: sampled.config, tokenizer: tokenizerOf(sampled) }, opened, rewardModel);
  return async (prompt, completions) => {
    const texts = completions.map(({ ids }) => [...prompt, ...readThrough(opened, ids)]);
    const rewards = await rewardScores(opened, texts, batchSize);
    const best = bestOf(rewards) ?? 0;
    return { completion: completions[best], reward: rewards[best] };
  };
}
