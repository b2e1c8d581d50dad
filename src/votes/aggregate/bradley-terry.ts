/**
 * The model of Bradley and Terry 1952: P(i beats j) = p_i / (p_i + p_j), score_i = log p_i. Fitted by the MM algorithm
 * (Hunter 2004, "MM algorithms for generalized Bradley-Terry models") with a Gamma(a, b) prior on each p_i (Caron and
 * Doucet 2012), which keeps the scores finite on any graph of comparisons:
 *
 *   p_i <- (a - 1 + W_i) / (b + sum_j n_ij / (p_i + p_j)),   W_i the wins of i, ties counted half.
 */
import { sigmoid } from "../../statistics/special-functions.js";
import { centre, type Duel, type ScoreEstimate, withIntervals } from "./score-estimate.js";

/** Gamma prior of every candidate's strength p, of which a score is the logarithm. */
export interface GammaPrior {
  /** Shape 1 and rate 0 mean no prior. */
  shape: number;
  rate: number;
}

/** Worth a tenth of a win and a tenth of a defeat; its mode is p = 1. */
export const WEAK_PRIOR: GammaPrior = { shape: 1.1, rate: 0.1 };

/** How the minorisation-maximisation of strengths runs: `iterations` is the most that are made. */
export interface MmOptions {
  prior?: GammaPrior;
  iterations?: number;
  /** Stops when no score changes by more. */
  tolerance?: number;
}

export function bradleyTerry(
  duels: readonly Duel[],
  candidates: number,
  { prior = WEAK_PRIOR, ...options }: MmOptions = {},
): ScoreEstimate {
  const p = strengths(duels, new Float64Array(candidates).fill(1), { prior, ...options });
  const score = centre(p.map(Math.log));
  const edges = duels.map(({ a, b, count }) => {
    const win = sigmoid(score[a] - score[b]);
    return { a, b, information: count * win * (1 - win) };
  });
  return withIntervals(
    score,
    edges,
    p.map((value) => prior.rate * value),
  );
}

/** The p_i, by MM iterations from a starting point. */
export function strengths(
  duels: readonly Duel[],
  start: Float64Array,
  { prior = WEAK_PRIOR, iterations = 10_000, tolerance = 1e-9 }: MmOptions = {},
): Float64Array {
  const wins = new Float64Array(start.length).fill(prior.shape - 1);
  for (const { a, b, count, wins: won } of duels) {
    wins[a] += won;
    wins[b] += count - won;
  }
  let p = start;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const rates = new Float64Array(p.length).fill(prior.rate);
    for (const { a, b, count } of duels) {
      const rate = count / (p[a] + p[b]);
      rates[a] += rate;
      rates[b] += rate;
    }
    const next = p.map((value, i) => (rates[i] > 0 ? wins[i] / rates[i] : value));
    if (prior.rate === 0) {
      const total = next.reduce((sum, value) => sum + value, 0);
      for (let i = 0; i < next.length; i++) next[i] /= total;
    }
    const moved = next.reduce((most, value, i) => Math.max(most, Math.abs(Math.log(value / p[i]))), 0);
    p = next;
    if (moved < tolerance) break;
  }
  return p;
}
