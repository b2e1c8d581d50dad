/**
 * GLAD (Whitehill et al. 2009, "Whose vote should count more"): P(rater i is right on item j) = sigmoid(alpha_i
 * exp(b_j)), with ability alpha and ease b; wrong answers share the rest equally. EM, with Gaussian priors N(1, 1) on
 * both; the M step uses L-BFGS (`minimize.ts`).
 */

import { logSigmoid, sigmoid } from "../../statistics/special-functions.js";
import type { LabelVotes } from "../votes.js";
import { type LabelEstimate, softmaxRows } from "./label-estimate.js";
import { minimize } from "./minimize.js";

interface GladOptions {
  iterations?: number;
  tolerance?: number;
}

const PRIOR_MEAN = 1;

export function glad(
  votes: LabelVotes,
  { iterations = 100, tolerance = 1e-5 }: GladOptions = {},
): LabelEstimate & { ability: Float64Array; ease: Float64Array } {
  const [W, I, K] = [votes.raters.length, votes.items.length, votes.labels.length];
  let x: Float64Array = new Float64Array(W + I).fill(PRIOR_MEAN); // alpha [W], b [I]
  let posterior = gladPosterior(votes, x);
  let reached = Number.NEGATIVE_INFINITY;
  for (let iteration = 0; iteration < iterations; iteration++) {
    x = minimize((at, gradient) => -gladObjective(votes, posterior, at, gradient), x, {
      iterations: 25,
      tolerance: 1e-2,
    });
    posterior = gladPosterior(votes, x);
    const objective = gladObjective(votes, posterior, x) / votes.item.length;
    if (objective - reached < tolerance) break;
    reached = objective;
  }
  const [ability, ease] = [x.slice(0, W), x.slice(W)];
  return { posterior, confusion: meanConfusion(votes, ability, ease, K), ability, ease };
}

/** P(truth | votes) with a uniform prior, [I, K]. @param x abilities [W], then eases [I]. */
export function gladPosterior(votes: LabelVotes, x: Float64Array): Float64Array {
  const [W, K] = [votes.raters.length, votes.labels.length];
  const logs = new Float64Array(votes.items.length * K);
  for (let v = 0; v < votes.item.length; v++) {
    const z = x[votes.rater[v]] * Math.exp(x[W + votes.item[v]]);
    const [right, wrong] = [logSigmoid(z), logSigmoid(-z) - Math.log(Math.max(1, K - 1))];
    for (let c = 0; c < K; c++) logs[votes.item[v] * K + c] += c === votes.label[v] ? right : wrong;
  }
  softmaxRows(logs, K);
  return logs;
}

/**
 * Q = E_T[log P(votes | T, alpha, b)] + log priors (without their constants). Writes minus its gradient to
 * `minusGradient` if given: dQ/dalpha_i = sum_j (p_ij - sigmoid) exp(b_j) - (alpha_i - 1), where p_ij is the posterior
 * of the rater's answer.
 */
export function gladObjective(
  votes: LabelVotes,
  posterior: Float64Array,
  x: Float64Array,
  minusGradient?: Float64Array,
): number {
  const [W, K] = [votes.raters.length, votes.labels.length];
  let objective = 0;
  for (let at = 0; at < x.length; at++) objective -= (x[at] - PRIOR_MEAN) ** 2 / 2;
  if (minusGradient) for (let at = 0; at < x.length; at++) minusGradient[at] = x[at] - PRIOR_MEAN;
  for (let v = 0; v < votes.item.length; v++) {
    const [rater, item] = [votes.rater[v], W + votes.item[v]];
    const ease = Math.exp(x[item]);
    const z = x[rater] * ease;
    const right = posterior[votes.item[v] * K + votes.label[v]];
    objective += right * logSigmoid(z) + (1 - right) * (logSigmoid(-z) - Math.log(Math.max(1, K - 1)));
    if (!minusGradient) continue;
    const slope = right - sigmoid(z);
    minusGradient[rater] -= slope * ease;
    minusGradient[item] -= slope * z;
  }
  return objective;
}

/** Each rater's mean accuracy over the rated items, as confusions [W, K, K]. */
function meanConfusion(
  votes: LabelVotes,
  ability: Float64Array,
  ease: Float64Array,
  K: number,
): Float64Array {
  const [right, count] = [new Float64Array(ability.length), new Float64Array(ability.length)];
  for (let v = 0; v < votes.item.length; v++) {
    right[votes.rater[v]] += sigmoid(ability[votes.rater[v]] * Math.exp(ease[votes.item[v]]));
    count[votes.rater[v]]++;
  }
  const confusion = new Float64Array(ability.length * K * K);
  for (let at = 0; at < confusion.length; at++) {
    const w = Math.floor(at / (K * K));
    const accuracy = right[w] / Math.max(1, count[w]);
    confusion[at] = Math.floor(at / K) % K === at % K ? accuracy : (1 - accuracy) / Math.max(1, K - 1);
  }
  return confusion;
}
