/**
 * MACE (Hovy et al. 2013, "Learning whom to trust with MACE"): rater j knows the answer with probability theta_j; when it
 * does not, it answers from a distribution xi_j of its own. Truths are uniform. Variational updates with Beta(1/2, 1/2)
 * on theta and Dirichlet(10) on xi; the best of several starts by marginal likelihood.
 */
import { RandomStream } from "../../random.js";
import { digamma } from "../../statistics/special-functions.js";
import type { LabelVotes } from "../votes.js";
import { type LabelEstimate, normalizeRows } from "./label-estimate.js";

export interface MaceOptions {
  iterations?: number;
  restarts?: number;
  seed?: number;
}

/** What is known of raters: knows [W, 2] as (not knowing, knowing), answers [W, K]. */
interface Parameters {
  knows: Float64Array;
  answers: Float64Array;
}

const KNOWING_PRIOR = 0.5;
const ANSWER_PRIOR = 10;

export function mace(
  votes: LabelVotes,
  { iterations = 50, restarts = 10, seed = 0 }: MaceOptions = {},
): LabelEstimate {
  let best: { parameters: Parameters; logLikelihood: number } | undefined;
  for (let restart = 0; restart < restarts; restart++) {
    const { parameters, logLikelihood } = maceFrom(votes, randomStart(votes, seed, restart), iterations);
    if (best === undefined || logLikelihood > best.logLikelihood) best = { parameters, logLikelihood };
  }
  if (best === undefined) throw new RangeError("MACE needs at least one start");
  const { posterior } = expectation(votes, best.parameters);
  return { posterior, confusion: confusionOf(best.parameters, votes) };
}

/** One run of the variational EM from given parameters. */
export function maceFrom(
  votes: LabelVotes,
  start: Parameters,
  iterations: number,
): { parameters: Parameters; logLikelihood: number; posterior: Float64Array } {
  const K = votes.labels.length;
  let parameters = start;
  let expected = expectation(votes, parameters);
  for (let iteration = 0; iteration < iterations; iteration++) {
    parameters = {
      knows: variational(expected.knowing, 2, KNOWING_PRIOR),
      answers: variational(expected.answering, K, ANSWER_PRIOR),
    };
    expected = expectation(votes, parameters);
  }
  const { logLikelihood, posterior } = expected;
  return { parameters, logLikelihood, posterior };
}

function randomStart({ raters, labels }: LabelVotes, seed: number, restart: number): Parameters {
  const draw = (name: string, columns: number): Float64Array => {
    const random = new RandomStream(seed, `mace/${name}`, restart);
    const values = Float64Array.from({ length: raters.length * columns }, () => 1 + 0.5 * random.uniform());
    normalizeRows(values, columns);
    return values;
  };
  return { knows: draw("knows", 2), answers: draw("answers", labels.length) };
}

/**
 * E step: gamma_i(t) prop (1 / K) prod_j (theta_j [y = t] + (1 - theta_j) xi_j(y)), and the expected counts of knowing and of
 * answers without knowing.
 */
function expectation(
  { item, rater, label, items, raters, labels }: LabelVotes,
  { knows, answers }: Parameters,
): { posterior: Float64Array; knowing: Float64Array; answering: Float64Array; logLikelihood: number } {
  const K = labels.length;
  const posterior = new Float64Array(items.length * K).fill(-Math.log(K));
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
    // P(did not know | votes): certain where the truth is another label, else guess / (guess + theta).
    const right = posterior[item[v] * K + label[v]];
    const guessed = 1 - right + (right * guess(v)) / (guess(v) + knows[rater[v] * 2 + 1]);
    knowing[rater[v] * 2] += guessed;
    knowing[rater[v] * 2 + 1] += 1 - guessed;
    answering[rater[v] * K + label[v]] += guessed;
  }
  return { posterior, knowing, answering, logLikelihood };
}

/** exp(psi(count + prior)) / exp(psi(sum)), by row. Rows do not sum to 1. */
function variational(counts: Float64Array, columns: number, prior: number): Float64Array {
  const out = new Float64Array(counts.length);
  for (let start = 0; start < counts.length; start += columns) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += counts[start + c] + prior;
    const scale = digamma(sum);
    for (let c = 0; c < columns; c++) out[start + c] = Math.exp(digamma(counts[start + c] + prior) - scale);
  }
  return out;
}

/** P(y | c) = theta [y = c] + (1 - theta) xi(y). */
function confusionOf({ knows, answers }: Parameters, { raters, labels }: LabelVotes): Float64Array {
  const K = labels.length;
  const confusion = new Float64Array(raters.length * K * K);
  for (let w = 0; w < raters.length; w++)
    for (let c = 0; c < K; c++)
      for (let y = 0; y < K; y++)
        confusion[(w * K + c) * K + y] = knows[w * 2] * answers[w * K + y] + (c === y ? knows[w * 2 + 1] : 0);
  normalizeRows(confusion, K);
  return confusion;
}
