/** Tests of a reward model: votes of honest raters on held-out pairs, gold utility, and minimal pairs. */
import { scorePairs } from "../algorithms/reward.js";
import type { NetworkRunner } from "../model/runner.js";
import type { Batching } from "../model/score.js";
import { clustersOf } from "../statistics/clusters.js";
import { mean } from "../statistics/estimates.js";
import { type ClusterInterval, rateInterval } from "../statistics/rates.js";
import type { Tokenizer } from "../text/index.js";
import {
  EOS_TOKEN,
  MINIMAL_PAIR_KINDS,
  type MinimalPairKind,
  minimalPairs,
  noiseCeiling,
  type Split,
} from "../worlds/assistant/index.js";
import { promptIds } from "./language-model.js";
import { goldAgreement, type JudgedPair, tokenPair } from "./preferences.js";

export interface RewardCheck {
  /** Share of honest raters' votes on held-out pairs that it predicts. */
  accuracy: ClusterInterval;
  /** Share of the held-out pairs with different gold utilities whose better side it scores higher. */
  goldPairs: ClusterInterval;
  /** Share of those votes that a predictor knowing the gold utility predicts. */
  goldAccuracy: number;
  /** Share predicted by one that knows the probability with which honest raters prefer either side: the upper bound. */
  noiseCeiling: number;
  /** Share of minimal pairs on held-out prompts whose better side it scores higher, by kind. */
  minimalPairs: Record<MinimalPairKind, ClusterInterval>;
}

export async function checkReward(
  scorer: NetworkRunner,
  pairs: readonly JudgedPair[],
  split: Split,
  tokenizer: Tokenizer,
  batching: Batching,
  maxLength: number,
): Promise<RewardCheck> {
  const sides = pairs.map((pair) => tokenPair(pair, tokenizer));
  const scored = await scorePairs(scorer, sides, batching, maxLength);
  const votes = pairs.flatMap((pair) => pair.votes);
  const prefersLeft = (i: number) => scored[i].chosen > scored[i].rejected;
  const right = pairs.flatMap(({ prompt, votes: own }, i) =>
    own.map(({ winner }) => ({ prompt, hit: (winner === "left") === prefersLeft(i) ? 1 : 0 })),
  );
  const hits = clustersOf(
    right.map(({ hit }): number => hit),
    right.map(({ prompt }) => prompt),
  );
  return {
    accuracy: rateInterval(hits),
    goldPairs: goldAgreement(pairs, prefersLeft),
    goldAccuracy: noiseCeiling(votes).goldExpected,
    noiseCeiling: mean(pairs.map(({ poolLeft }) => Math.max(poolLeft, 1 - poolLeft))),
    minimalPairs: await checkMinimalPairs(scorer, split, tokenizer, batching, maxLength),
  };
}

async function checkMinimalPairs(
  scorer: NetworkRunner,
  split: Split,
  tokenizer: Tokenizer,
  batching: Batching,
  maxLength: number,
): Promise<RewardCheck["minimalPairs"]> {
  const pairs = minimalPairs(split);
  const sides = pairs.map(({ prompt, better, worse }) => {
    const before = promptIds(tokenizer, prompt.text);
    const ids = (text: string) => [...before, ...tokenizer.encode(text + EOS_TOKEN)];
    return { chosen: ids(better), rejected: ids(worse) };
  });
  const scored = await scorePairs(scorer, sides, batching, maxLength);
  const rates = MINIMAL_PAIR_KINDS.map((kind) => {
    const own = [...pairs.keys()].filter((i) => pairs[i].kind === kind);
    const hits = own.map((i): number => (scored[i].chosen > scored[i].rejected ? 1 : 0));
    const byPrompt = clustersOf(
      hits,
      own.map((i) => pairs[i].prompt),
    );
    return [kind, rateInterval(byPrompt)];
  });
  return Object.fromEntries(rates) as RewardCheck["minimalPairs"];
}
