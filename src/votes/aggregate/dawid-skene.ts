/**
 * Dawid and Skene 1979, "Maximum likelihood estimation of observer error-rates using the EM algorithm": each rater has
 * a confusion matrix. One-coin: the matrix has one accuracy a, and each wrong answer has probability (1 - a) / (K - 1)
 * (Zhang et al. 2014, "Spectral methods meet EM"). Pooled: each rater's matrix has a Dirichlet prior centred on the
 * pool's, so that raters with few votes lean on the others (after Paun et al. 2018, "Comparing Bayesian models of
 * annotation", hierarchical Dawid-Skene).
 */
import type { LabelVotes } from "../votes.js";
import { classShares, confusionsOnKnown, fixKnown, type KnownLabels } from "./known-labels.js";
import {
  confusionCounts,
  confusions,
  type LabelEstimate,
  LEAST,
  normalizeRows,
  softmaxRows,
  voteShares,
} from "./label-estimate.js";

interface EmOptions {
  iterations?: number;
  /** Stops when the lower bound of the log evidence, per vote, grows by less; 0 means all iterations run. */
  tolerance?: number;
  /** Weight of each vote, [V]; default 1. */
  weight?: ArrayLike<number>;
  /** Added to every count of a confusion. */
  pseudo?: number;
  /**
   * Initial truths, [I, K]. Default: the shares of the votes, or, with known labels, truths by the raters' confusions
   * on known items.
   */
  start?: Float64Array;
  /** Known labels, [I]; -1 where unknown. */
  known?: KnownLabels;
}

/** EM from the majority vote. */
export const dawidSkene = (votes: LabelVotes, options: EmOptions = {}): LabelEstimate =>
  expectationMaximization(votes, options, (posterior) =>
    confusions(votes, posterior, options.pseudo ?? 0, options.weight),
  );

/** dawidSkene with one accuracy per rater. */
export const oneCoin = (votes: LabelVotes, options: EmOptions = {}): LabelEstimate =>
  expectationMaximization(votes, options, (posterior) => coins(votes, posterior, options));

/** dawidSkene with a prior on each rater's confusions: the pool's confusions, worth `strength` votes for each truth. */
export const pooledDawidSkene = (
  votes: LabelVotes,
  { strength = 4, ...options }: EmOptions & { strength?: number } = {},
): LabelEstimate =>
  expectationMaximization(votes, options, (posterior) =>
    pooledConfusions(votes, posterior, strength, options.weight),
  );

function expectationMaximization(
  votes: LabelVotes,
  { iterations = 100, tolerance = 1e-9, weight, start, known }: EmOptions,
  confusionsAt: (posterior: Float64Array) => Float64Array,
): LabelEstimate {
  const K = votes.labels.length;
  let posterior = start ?? firstTruths(votes, weight, known);
  fixKnown(posterior, known, K);
  // 1. M step: class shares pi_c = mean_i T_ic, and raters' confusions.
  let prior = classShares(posterior, known, K);
  let confusion = confusionsAt(posterior);
  let bound = Number.NEGATIVE_INFINITY;
  for (let iteration = 0; iteration < iterations; iteration++) {
    // 2. E step: log T_ic = log pi_c + sum_w log E^w_{c, y_iw}.
    posterior = labelPosterior(votes, prior, confusion, weight);
    fixKnown(posterior, known, K);
    // 3. M step.
    prior = classShares(posterior, known, K);
    confusion = confusionsAt(posterior);
    if (tolerance === 0) continue;
    const reached = lowerBound(votes, posterior, prior, confusion, weight) / votes.item.length;
    if (reached - bound < tolerance) break;
    bound = reached;
  }
  return { posterior, confusion };
}

function firstTruths(
  votes: LabelVotes,
  weight: ArrayLike<number> | undefined,
  known: KnownLabels | undefined,
): Float64Array {
  const shares = voteShares(votes, weight);
  if (known === undefined || known.every((label) => label < 0)) return shares;
  return labelPosterior(
    votes,
    classShares(shares, known, votes.labels.length),
    confusionsOnKnown(votes, known),
    weight,
  );
}

/** P(truth | votes) given class shares `prior` [K] and confusions [W, K, K]: [I, K]. */
export function labelPosterior(
  votes: LabelVotes,
  prior: ArrayLike<number>,
  confusion: Float64Array,
  weight?: ArrayLike<number>,
): Float64Array {
  const K = votes.labels.length;
  const logs = new Float64Array(votes.items.length * K);
  for (let at = 0; at < logs.length; at++) logs[at] = Math.log(Math.max(LEAST, prior[at % K]));
  const logConfusion = confusion.map((p) => Math.log(Math.max(LEAST, p)));
  for (let v = 0; v < votes.item.length; v++) {
    const share = weight === undefined ? 1 : weight[v];
    if (share === 0) continue;
    const [to, from] = [votes.item[v] * K, votes.rater[v] * K * K + votes.label[v]];
    for (let c = 0; c < K; c++) logs[to + c] += share * logConfusion[from + c * K];
  }
  softmaxRows(logs, K);
  return logs;
}

/** Accuracies as confusions: a on the diagonal, (1 - a) / (K - 1) off it. */
function coins(votes: LabelVotes, posterior: Float64Array, { weight, pseudo = 0 }: EmOptions): Float64Array {
  const K = votes.labels.length;
  const right = new Float64Array(votes.raters.length).fill(pseudo);
  const all = new Float64Array(votes.raters.length).fill(pseudo * K);
  for (let v = 0; v < votes.item.length; v++) {
    const share = weight === undefined ? 1 : weight[v];
    right[votes.rater[v]] += share * posterior[votes.item[v] * K + votes.label[v]];
    all[votes.rater[v]] += share;
  }
  const confusion = new Float64Array(votes.raters.length * K * K);
  for (let at = 0; at < confusion.length; at++) {
    const [w, c, y] = [Math.floor(at / (K * K)), Math.floor(at / K) % K, at % K];
    const accuracy = all[w] > 0 ? right[w] / all[w] : 1 / K;
    confusion[at] = c === y ? accuracy : (1 - accuracy) / Math.max(1, K - 1);
  }
  return confusion;
}

function pooledConfusions(
  votes: LabelVotes,
  posterior: Float64Array,
  strength: number,
  weight?: ArrayLike<number>,
): Float64Array {
  const K = votes.labels.length;
  const counts = confusionCounts(votes, posterior, weight);
  const pool = new Float64Array(K * K).fill(1 / K);
  for (let at = 0; at < counts.length; at++) pool[at % (K * K)] += counts[at];
  normalizeRows(pool, K);
  for (let at = 0; at < counts.length; at++) counts[at] += strength * pool[at % (K * K)];
  normalizeRows(counts, K);
  return counts;
}

/** E_T[log P(votes, T)] + the entropy of T. */
function lowerBound(
  votes: LabelVotes,
  posterior: Float64Array,
  prior: Float64Array,
  confusion: Float64Array,
  weight?: ArrayLike<number>,
): number {
  const K = votes.labels.length;
  const logPrior = prior.map((p) => Math.log(Math.max(LEAST, p)));
  const logConfusion = confusion.map((p) => Math.log(Math.max(LEAST, p)));
  let bound = 0;
  for (let at = 0; at < posterior.length; at++) {
    const p = posterior[at];
    if (p > 0) bound += p * (logPrior[at % K] - Math.log(p));
  }
  for (let v = 0; v < votes.item.length; v++) {
    const share = weight === undefined ? 1 : weight[v];
    const from = votes.rater[v] * K * K + votes.label[v];
    for (let c = 0; c < K; c++) {
      const p = posterior[votes.item[v] * K + c];
      if (p > 0) bound += share * p * logConfusion[from + c * K];
    }
  }
  return bound;
}
