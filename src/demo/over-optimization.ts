/**
 * Over-optimisation (Gao, Schulman and Hilton 2022, "Scaling laws for reward model overoptimization"): as a policy is
 * optimised further and further against a reward model, the proxy, its true objective, the gold utility, rises, peaks
 * and falls. A policy's distance from its start is d = sqrt(KL(pi || pi_SFT)), and for reinforcement learning they find
 * R(d) = d (alpha - beta log d).
 */
import type { Generator } from "../generate/index.js";
import type { NetworkRunner } from "../model/runner.js";
import { type Interval, mean } from "../statistics/estimates.js";
import { clusterMeanInterval, meanInterval, pairedDifference } from "../statistics/means.js";
import type { Tokenizer } from "../text/index.js";
import { prompts } from "../worlds/assistant/index.js";
import type { Alarm } from "./alarm.js";
import { scores } from "./baselines.js";
import type { DemoConfig } from "./config.js";
import { klPerResponse, promptMean, sampleGold } from "./policies.js";
import type { TrainedReward } from "./training.js";

/** A policy during training, measured on the held-out prompts with the same random draws at each checkpoint. */
export interface Checkpoint {
  /** Iterations of PPO so far. */
  iteration: number;
  /** Nats per response from the SFT model at the same temperature. */
  kl: Interval;
  /** The reward model's score, normalised by the mean and deviation over the SFT model's own responses. */
  proxy: Interval;
  gold: Interval;
  /** Mean gold utility of each prompt's responses, in the order of the prompts. */
  goldByPrompt: number[];
}

export async function measureCheckpoint(
  iteration: number,
  { policy, generator, reference }: { policy: NetworkRunner; generator: Generator; reference: NetworkRunner },
  tokenizer: Tokenizer,
  { scorer, scale }: TrainedReward,
  config: Pick<DemoConfig, "temperature" | "samplesPerPrompt" | "seed" | "split"> & {
    ppo: Pick<DemoConfig["ppo"], "maxNewTokens" | "microBatchSize" | "packing">;
  },
): Promise<Checkpoint> {
  const { temperature, samplesPerPrompt, seed } = config;
  const { maxNewTokens, microBatchSize: rows, packing } = config.ppo;
  const plan = { samplesPerPrompt, maxNewTokens, temperature, seed: seed + 1 };
  const samples = await sampleGold(generator, tokenizer, prompts(config.split), plan);
  const batching = { rows, padId: tokenizer.padId, packing };
  const scored = await scores(scorer, tokenizer, samples, batching);
  const before = { runner: reference, temperature };
  const goldByPrompt = samples.map((answered) => promptMean(answered, ({ gold }) => gold.total));
  return {
    iteration,
    kl: await klPerResponse(policy, temperature, before, samples, tokenizer, batching),
    proxy: clusterMeanInterval(scored.map((own) => own.map((score) => (score - scale.mean) / scale.std))),
    gold: meanInterval(goldByPrompt),
    goldByPrompt,
  };
}

export interface OverOptimization {
  /** The checkpoint at which gold is highest. */
  peak: Omit<Checkpoint, "goldByPrompt">;
  /**
   * Gold at the peak minus gold before the first iteration, and minus gold at the end, on the same prompts. The peak is
   * the highest of many, so the intervals hold for all checkpoints at once with 95% confidence (Bonferroni).
   */
  rise: Interval;
  fall: Interval;
  fit: GaoFit | undefined;
  /** The first checkpoint at or after the first alarm: what stopping there would have kept. */
  stopped: (Omit<Checkpoint, "goldByPrompt"> & { by: string }) | undefined;
}

/** Analyses a curve. @param curve at least two checkpoints in order of iteration, the first before any update. */
export function overOptimization(
  curve: readonly Checkpoint[],
  alarms: readonly Alarm[] = [],
): OverOptimization {
  const [first, last] = [curve[0], curve[curve.length - 1]];
  const peak = curve.reduce((best, own) => (own.gold.estimate > best.gold.estimate ? own : best));
  const confidence = 1 - 0.05 / (2 * (curve.length - 1));
  const less = (other: Checkpoint) => pairedDifference(peak.goldByPrompt, other.goldByPrompt, confidence);
  const [alarm] = alarms
    .flatMap(({ iteration, behaviour }) => (iteration === null ? [] : [{ iteration, behaviour }]))
    .sort((a, b) => a.iteration - b.iteration);
  const at = alarm && curve.find(({ iteration }) => iteration >= alarm.iteration);
  return {
    peak: figures(peak),
    rise: less(first),
    fall: less(last),
    fit: gaoFit(curve.map(({ kl, gold }) => ({ kl: kl.estimate, gold: gold.estimate }))),
    stopped: at && { ...figures(at), by: alarm.behaviour },
  };
}

/** A checkpoint without its prompts. */
export function figures({ iteration, kl, proxy, gold }: Checkpoint): Omit<Checkpoint, "goldByPrompt"> {
  return { iteration, kl, proxy, gold };
}

export interface GaoFit {
  alpha: number;
  beta: number;
  /** Share of the variance of gold over the checkpoints that the curve explains. */
  r2: number;
  /** KL at which the fitted curve is highest: d = exp(alpha / beta - 1), squared; undefined if it never falls. */
  peakKl: number | undefined;
}

/**
 * Least squares fit of gold(d) - gold(0) = d (alpha - beta log d) over the checkpoints, d = sqrt(KL), natural
 * logarithm.
 *
 * @returns undefined with fewer than three checkpoints away from the first, or all at one distance.
 */
export function gaoFit(points: readonly { kl: number; gold: number }[]): GaoFit | undefined {
  const start = points[0].gold;
  const away = points
    .slice(1)
    .filter(({ kl }) => kl > 0)
    .map(({ kl, gold }) => ({ d: Math.sqrt(kl), y: gold - start }));
  // 1. Normal equations of y = alpha u - beta v with u = d, v = d log d.
  const rows = away.map(({ d, y }) => ({ u: d, v: d * Math.log(d), y }));
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [uu, uv, vv] = [sum(({ u }) => u * u), sum(({ u, v }) => u * v), sum(({ v }) => v * v)];
  const [uy, vy] = [sum(({ u, y }) => u * y), sum(({ v, y }) => v * y)];
  const determinant = uu * vv - uv * uv;
  if (rows.length < 3 || !(determinant > 1e-9 * uu * vv)) return undefined;
  const alpha = (uy * vv - vy * uv) / determinant;
  const beta = (uy * uv - vy * uu) / determinant;
  // 2. Goodness of fit.
  const center = mean(rows.map(({ y }) => y));
  const left = sum(({ u, v, y }) => (y - alpha * u + beta * v) ** 2);
  const r2 = 1 - left / sum(({ y }) => (y - center) ** 2);
  return { alpha, beta, r2, peakKl: beta > 0 ? Math.exp(alpha / beta - 1) ** 2 : undefined };
}
