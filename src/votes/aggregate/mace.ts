/**
 * MACE (Hovy et al. 2013, "Learning whom to trust with MACE"): rater j knows the answer with probability theta_j;
 * otherwise it answers from its own distribution xi_j. Variational updates with priors Beta(1/2, 1/2) on theta and
 * Dirichlet(10) on xi; of several starts, the one with the best variational bound is kept.
 *
 * The paper assumes that all truths are equally likely. Where they are not, raters who give the rare label would look
 * like the ones who know, so this code estimates the shares of the truths, as Dawid and Skene do; `shares: "uniform"`
 * is the paper's model.
 */
import { RandomStream } from "../../base/random.js";
import { digamma, logGamma } from "../../statistics/special-functions.js";
import type { LabelVotes } from "../votes.js";
import { type LabelEstimate, LEAST, meanRow, normalizeRows } from "./label-estimate.js";

interface MaceOptions {
  iterations?: number;
  restarts?: number;
  seed?: number;
  shares?: "estimated" | "uniform";
}

/** Parameters of the raters, and the share of each truth. */
export interface MaceParameters {
  /** Weights of not knowing and of knowing, [W, 2]. */
  knows: Float64Array;
  /** Weights of the answers of a rater who does not know, [W, K]. */
  answers: Float64Array;
  /** Shares of the truths, [K]. */
  shares: Float64Array;
}

interface Fit {
  parameters: MaceParameters;
  posterior: Float64Array;
  /** Lower bound of log P(votes). */
  bound: number;
}

const KNOWING_PRIOR = 0.5;
const ANSWER_PRIOR = 10;

export function mace(
  votes: LabelVotes,
  { iterations = 50, restarts = 10, seed = 0, shares = "estimated" }: MaceOptions = {},
): LabelEstimate {
  let best = maceFrom(votes, randomStart(votes, seed, 0), iterations, shares);
  for (let restart = 1; restart < restarts; restart++) {
    const fit = maceFrom(votes, randomStart(votes, seed, restart), iterations, shares);
    if (fit.bound > best.bound) best = fit;
  }
  return { posterior: best.posterior, confusion: confusionOf(best.parameters, votes) };
}

/** One run of the variational EM from given parameters. */
export function maceFrom(
  votes: LabelVotes,
  start: MaceParameters,
  iterations: number,
  shares: "estimated" | "uniform",
): Fit {
  const K = votes.labels.length;
  let parameters = start;
  let expected = expectation(votes, parameters);
  let divergence = 0;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const knows = variational(expected.knowing, 2, KNOWING_PRIOR);
    const answers = variational(expected.answering, K, ANSWER_PRIOR);
    parameters = {
      knows: knows.expected,
      answers: answers.expected,
      shares: shares === "estimated" ? meanRow(expected.posterior, K) : parameters.shares,
    };
    divergence = knows.divergence + answers.divergence;
    expected = expectation(votes, parameters);
  }
  return { parameters, posterior: expected.posterior, bound: expected.logLikelihood - divergence };
}

/** Random initial parameters; `restart` numbers the draw. */
export function randomStart({ raters, labels }: LabelVotes, seed: number, restart: number): MaceParameters {
  const draw = (name: string, columns: number): Float64Array => {
    const random = new RandomStream(seed, `mace/${name}`, restart);
    const values = Float64Array.from({ length: raters.length * columns }, () => 1 + 0.5 * random.uniform());
    normalizeRows(values, columns);
    return values;
  };
  const shares = new Float64Array(labels.length).fill(1 / labels.length);
  return { knows: draw("knows", 2), answers: draw("answers", labels.length), shares };
}

/**
 * E step: gamma_i(t) prop pi_t prod_j (theta_j [y = t] + (1 - theta_j) xi_j(y)), and the expected counts of knowing, of
 * not knowing, and of answers without knowing.
 */
export function expectation(
  { item, rater, label, items, raters, labels }: LabelVotes,
  { knows, answers, shares }: MaceParameters,
): { posterior: Float64Array; knowing: Float64Array; answering: Float64Array; logLikelihood: number } {
  const K = labels.length;
  const posterior = new Float64Array(items.length * K);
  for (let at = 0; at < posterior.length; at++) posterior[at] = Math.log(Math.max(LEAST, shares[at % K]));
  const guess = (v: number): number => knows[rater[v] * 2] * answers[rater[v] * K + label[v]];
  for (let v = 0; v < item.length; v++) {
    for (let t = 0; t < K; t++)
      posterior[item[v] * K + t] += Math.log(guess(v) + (t === label[v] ? knows[rater[v] * 2 + 1] : 0));
  }
  let logLikelihood = 0;
  for (let start = 0; start < posterior.length; start += K) {
    let most = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < K; t++) most = Math.max(most, posterior[start + t]);
    let sum = 0;
    for (let t = 0; t < K; t++) sum += posterior[start + t] = Math.exp(posterior[start + t] - most);
    for (let t = 0; t < K; t++) posterior[start + t] /= sum;
    logLikelihood += most + Math.log(sum);
  }
  const knowing = new Float64Array(raters.length * 2);
  const answering = new Float64Array(raters.length * K);
  for (let v = 0; v < item.length; v++) {
    // P(did not know | votes): 1 where the truth is another label, else guess / (guess + theta).
    const right = posterior[item[v] * K + label[v]];
    const guessed = 1 - right + (right * guess(v)) / (guess(v) + knows[rater[v] * 2 + 1]);
    knowing[rater[v] * 2] += guessed;
    knowing[rater[v] * 2 + 1] += 1 - guessed;
    answering[rater[v] * K + label[v]] += guessed;
  }
  return { posterior, knowing, answering, logLikelihood };
}

/**
 * Posterior Dirichlet of each row. `expected` is exp(E[log p]) = exp(psi(a_k) - psi(sum a)) with a = count + prior; its
 * rows do not sum to 1. `divergence` is the sum over rows of the divergence from the prior, in nats.
 */
function variational(
  counts: Float64Array,
  columns: number,
  prior: number,
): { expected: Float64Array; divergence: number } {
  const expected = new Float64Array(counts.length);
  let divergence = 0;
  for (let start = 0; start < counts.length; start += columns) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += counts[start + c] + prior;
    const scale = digamma(sum);
    divergence += logGamma(sum) - logGamma(columns * prior) + columns * logGamma(prior);
    for (let c = 0; c < columns; c++) {
      const a = counts[start + c] + prior;
      const log = digamma(a) - scale;
      expected[start + c] = Math.exp(log);
      divergence += (a - prior) * log - logGamma(a);
    }
  }
  return { expected, divergence };
}

/** P(y | c) = theta [y = c] + (1 - theta) xi(y). */
function confusionOf({ knows, answers }: MaceParameters, { raters, labels }: LabelVotes): Float64Array {
  const K = labels.length;
  const confusion = new Float64Array(raters.length * K * K);
  for (let w = 0; w < raters.length; w++)
    for (let c = 0; c < K; c++)
      for (let y = 0; y < K; y++)
        confusion[(w * K + c) * K + y] = knows[w * 2] * answers[w * K + y] + (c === y ? knows[w * 2 + 1] : 0);
  normalizeRows(confusion, K);
  return confusion;
}
