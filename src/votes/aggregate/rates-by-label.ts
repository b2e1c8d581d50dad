/**
 * A rater's rate of being right for each label, learned by EM (variational Bayes). Of an item whose truth is c, rater w
 * says
 *
 *   P(w says y | c) = a_wc if y = c, else (1 - a_wc) o_c(y),
 *
 * o_c(y) being how often the pool says y among its wrong answers. a_wc is one of G rates, whose shares among the raters
 * are learned for each label (nonparametric empirical Bayes: Laird 1978): if all raters are as good at a label the
 * shares contract to one rate, and if some always say the common label they have two tops. So a rater with three votes
 * on a rare label is judged by what raters are like there, as in hierarchical models (Paun et al. 2018), but without a
 * form of the distribution.
 *
 * Where it ends depends on the truths with which it begins.
 */
import type { LabelVotes } from "../votes.js";
import { labelPosterior } from "./dawid-skene.js";
import { classShares, fixKnown, type KnownLabels } from "./known-labels.js";
import {
  confusionCounts,
  type LabelEstimate,
  normalizeRows,
  softmaxRows,
  voteShares,
} from "./label-estimate.js";

export interface RatesOptions {
  /** Weight of each vote, [V]; default 1. */
  weight?: ArrayLike<number>;
  /** Known labels, [I]; -1 where unknown. */
  known?: KnownLabels | undefined;
  /** Truths to begin with, [I, K]; default the shares of the votes. */
  begin?: Float64Array | undefined;
}

/** Rates of being right that a rater may have for a label, from never to always, [G]. */
const RATES = Float64Array.from({ length: 50 }, (_, k) => 0.01 + 0.02 * k);
const G = RATES.length;
const LOG_RIGHT = RATES.map(Math.log);
const LOG_WRONG = RATES.map((a) => Math.log(1 - a));
/** Weight of equal shares next to the raters' own, in raters. */
const PRIOR_RATERS = 0.3;
/** Added to each count of the pool's wrong answers. */
const PSEUDO = 0.1;
const ITERATIONS = 60;
/** Stops when no truth changes by more. */
const TOLERANCE = 1e-4;

export function ratesByLabel(
  votes: LabelVotes,
  { weight, known, begin = voteShares(votes, weight) }: RatesOptions = {},
): LabelEstimate {
  const K = votes.labels.length;
  let posterior: Float64Array = begin.slice();
  fixKnown(posterior, known, K);
  const shares = Array.from({ length: K }, () => new Float64Array(G).fill(1 / G));
  let confusion = new Float64Array();
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const prior = classShares(posterior, known, K);
    confusion = ratesGiven(confusionCounts(votes, posterior, weight), K, shares);
    const next = labelPosterior(votes, prior, confusion, weight);
    fixKnown(next, known, K);
    const moved = next.reduce((most, p, at) => Math.max(most, Math.abs(p - posterior[at])), 0);
    posterior = next;
    if (moved < TOLERANCE) break;
  }
  return { posterior, confusion };
}

/**
 * Each rater's expected confusions, [W, K, K].
 *
 * @param counts [W, K, K]. @param shares of the rates for each label, [K][G]; learned, in place.
 */
function ratesGiven(counts: Float64Array, K: number, shares: Float64Array[]): Float64Array<ArrayBuffer> {
  const W = counts.length / (K * K);
  const wrong = wrongAnswers(counts, K);
  const confusion = new Float64Array(counts.length);
  const beliefs = new Float64Array(G);
  for (let c = 0; c < K; c++) {
    const next = new Float64Array(G).fill(PRIOR_RATERS / G);
    for (let w = 0; w < W; w++) {
      const row = (w * K + c) * K;
      const correct = counts[row + c];
      let missed = -correct;
      for (let y = 0; y < K; y++) missed += counts[row + y];
      for (let k = 0; k < G; k++)
        beliefs[k] = Math.log(shares[c][k]) + correct * LOG_RIGHT[k] + missed * LOG_WRONG[k];
      softmaxRows(beliefs, G);
      let right = 0;
      for (let k = 0; k < G; k++) {
        next[k] += beliefs[k];
        right += beliefs[k] * RATES[k];
      }
      for (let y = 0; y < K; y++) confusion[row + y] = y === c ? right : (1 - right) * wrong[c * K + y];
    }
    normalizeRows(next, G);
    shares[c] = next;
  }
  return confusion;
}

/** What the pool says instead of each label, [K, K]; rows sum to 1, with 0 on the diagonal. */
function wrongAnswers(counts: Float64Array, K: number): Float64Array {
  const wrong = new Float64Array(K * K).fill(PSEUDO);
  for (let at = 0; at < counts.length; at++) wrong[at % (K * K)] += counts[at];
  for (let c = 0; c < K; c++) wrong[c * K + c] = 0;
  normalizeRows(wrong, K);
  return wrong;
}
