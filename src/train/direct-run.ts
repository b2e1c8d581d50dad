/** What the runs of the methods that learn from judged answers do around their algorithm: how far the policy went, and words. */

import { formatNumber } from "../base/format.js";
import { Generator, UNFILTERED } from "../generate/index.js";
import { promptCompletion } from "../model/batch.js";
import { frozenNetwork } from "../model/create.js";
import type { Packing } from "../model/lay-out.js";
import { NetworkRunner, type NetworkTrainer } from "../model/runner.js";
import { sequenceLogRatios } from "../model/score.js";
import { clustersOf } from "../statistics/clusters.js";
import { mean, rankedRight } from "../statistics/estimates.js";
import { formatInterval } from "../statistics/format-interval.js";
import { pooledMeanInterval } from "../statistics/means.js";
import { type ClusterInterval, rateInterval } from "../statistics/rates.js";
import type { Job } from "./method.js";

type DirectJob = Pick<
  Job<{ seed: number; maxNewTokens: number; microBatchSize: number; packing: Packing }, unknown>,
  "runtime" | "base" | "config" | "host" | "session"
>;

/** The policy's own answers to held-out prompts, at temperature 1, against the model that training began with. */
export interface Drift {
  prompts: number;
  /** KL to that model, in nats per answer. */
  klPerResponse: ClusterInterval;
  /** Mean tokens of an answer. */
  length: number;
  /** Share of answers that were cut off at maxNewTokens. */
  truncated: number;
}

/** Answers the prompts and measures; undefined with fewer than two prompts. */
export async function driftOf(
  { runtime, base, config, host, session }: DirectJob,
  trainer: NetworkTrainer,
  prompts: readonly (readonly number[])[],
): Promise<Drift | undefined> {
  if (prompts.length < 2) return undefined;
  const { seed, maxNewTokens, microBatchSize: rows, packing } = config;
  const generator = new Generator(runtime, trainer.network, base.padId);
  const sampling = { ...UNFILTERED, maxNewTokens, temperature: 1, seed };
  const completions = await generator.generate(prompts, sampling, { signal: host.signal });
  generator.release();
  const sequences = prompts.map((prompt, i) => promptCompletion(prompt, completions[i].ids));
  const scorer = new NetworkRunner(runtime, frozenNetwork(runtime, base.config, base.weights));
  const batching = { rows, padId: base.padId, packing, onProgress: session.checkInterrupt };
  const kl = await sequenceLogRatios(trainer, 1, { scorer, temperature: 1 }, sequences, batching);
  return {
    prompts: prompts.length,
    klPerResponse: pooledMeanInterval(kl.map((value) => [value])),
    length: mean(completions.map(({ ids }) => ids.length)),
    truncated: mean(completions.map(({ finishReason }) => (finishReason === "length" ? 1 : 0))),
  };
}

/** How held-out pairs are told apart; intervals are over conversations, at 95%. */
export interface PairFigures {
  /** Share of the pairs that are ranked right, a tie counting half (`rankedRight`). */
  accuracy: ClusterInterval;
  /** Mean of the chosen side's reward less the rejected one's. */
  margin: ClusterInterval;
}

/** @param rewards of held-out pairs. @param conversations that of each pair. @param unit what the margin is in. */
export function pairFigures(
  rewards: readonly { chosen: number; rejected: number }[],
  conversations: readonly string[],
  unit = 1,
): PairFigures {
  const margins = rewards.map(({ chosen, rejected }) => (chosen - rejected) / unit);
  return {
    accuracy: rateInterval(clustersOf(rewards.map(rankedRight), conversations)),
    margin: pooledMeanInterval(clustersOf(margins, conversations)),
  };
}

/** The lines of a report about held-out pairs. @param unit what the margin is in, in words. */
export const reportPairs = (
  { accuracy, margin }: { accuracy?: ClusterInterval | undefined; margin?: ClusterInterval | undefined },
  heldOutPairs: number,
  unit: string,
): (readonly [string, string])[] =>
  accuracy && margin
    ? [
        ["accuracy", `${formatInterval(accuracy)} on ${heldOutPairs} pairs that it did not see`],
        ["margin", `${formatInterval(margin)}, ${unit}`],
      ]
    : [];

/** Nats a token by which chosen answers may become less likely before it is said. */
const FALL = 0.1;

/** Says that chosen answers become less likely, which the loss of a pair allows as long as rejected ones fall further. */
export function doubtOfChosen(change: number | undefined, remedy: string): string | undefined {
  if (change === undefined || change > -FALL) return undefined;
  return (
    `chosen answers have become less likely, by ${formatNumber(-change)} nats a token: the loss asks only that rejected ones ` +
    `fall further. ${remedy}`
  );
}

/** The lines of a report that all direct methods have. */
export const reportDrift = (drift: Drift | undefined): (readonly [string, string])[] =>
  drift === undefined
    ? []
    : [
        [
          "KL",
          `${formatInterval(drift.klPerResponse)} nats per answer, on ${drift.prompts} held-out prompts`,
        ],
        ["length", `${formatNumber(drift.length)} tokens, ${formatNumber(100 * drift.truncated)}% cut off`],
      ];
