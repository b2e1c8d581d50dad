/**
 * Bradley-Terry with raters who sometimes answer without looking and then favour a side (crowd-kit's
 * NoisyBradleyTerry). With y = 1 for left and -1 for right, skill s(g_w) and bias q_w,
 *
 *   P(y) = s(g_w) s(y (score_l - score_r)) + (1 - s(g_w)) s(y q_w),   s(x) = 1 / (1 + exp(-x)).
 *
 * Ties are half a vote for each side. Normal priors: scores N(0, 4), g N(1, 1), q N(0, 1). Fitted by L-BFGS.
 */
import { sigmoid } from "../../statistics/special-functions.js";
import type { Comparisons } from "../votes.js";
import { LEAST } from "./label-estimate.js";
import { minimize } from "./minimize.js";
import { centre, type ScoreEstimate, withIntervals } from "./score-estimate.js";

const SCORE_VARIANCE = 4;
const SKILL_MEAN = 1;

/** @returns scores, `attention` P(the rater looks) and `leftBias` P(the rater says left without looking), [W] each. */
export function noisyBradleyTerry(
  votes: Comparisons,
): ScoreEstimate & { attention: Float64Array; leftBias: Float64Array } {
  const [C, W] = [votes.candidates.length, votes.raters.length];
  const start = new Float64Array(C + 2 * W).fill(SKILL_MEAN, C + W);
  const x = minimize((at, gradient) => noisyObjective(votes, at, gradient), start, { iterations: 500 });
  const [attention, leftBias] = [x.slice(C + W).map(sigmoid), x.slice(C, C + W).map(sigmoid)];
  const score = centre(x.slice(0, C));
  const edges = Array.from(votes.left, (a, v) => {
    const b = votes.right[v];
    const look = attention[votes.rater[v]];
    const win = sigmoid(score[a] - score[b]);
    const says = look * win + (1 - look) * leftBias[votes.rater[v]];
    // Expected information of a Bernoulli draw: (dP/dd)^2 / (P (1 - P)).
    return { a, b, information: (look * win * (1 - win)) ** 2 / Math.max(LEAST, says * (1 - says)) };
  });
  return {
    ...withIntervals(score, edges, new Float64Array(C).fill(1 / SCORE_VARIANCE)),
    attention,
    leftBias,
  };
}

/**
 * Minus the log posterior without constants; its gradient is written to `gradient`.
 *
 * @param x scores [C], biases q [W] and skills g [W], concatenated.
 */
export function noisyObjective(
  { candidates, raters, left, right, rater, outcome }: Comparisons,
  x: Float64Array,
  gradient: Float64Array,
): number {
  const [C, W] = [candidates.length, raters.length];
  let objective = 0;
  for (let at = 0; at < x.length; at++) {
    const [mean, variance] = at < C ? [0, SCORE_VARIANCE] : at < C + W ? [0, 1] : [SKILL_MEAN, 1];
    objective += (x[at] - mean) ** 2 / (2 * variance);
    gradient[at] = (x[at] - mean) / variance;
  }
  for (let v = 0; v < left.length; v++) {
    const [q, g] = [C + rater[v], C + W + rater[v]];
    const look = sigmoid(x[g]);
    const win = sigmoid(x[left[v]] - x[right[v]]);
    const bias = sigmoid(x[q]);
    const says = look * win + (1 - look) * bias; // P(left)
    objective -=
      outcome[v] * Math.log(Math.max(LEAST, says)) + (1 - outcome[v]) * Math.log(Math.max(LEAST, 1 - says));
    const slope = -outcome[v] / Math.max(LEAST, says) + (1 - outcome[v]) / Math.max(LEAST, 1 - says); // d objective / dP
    const byScore = slope * look * win * (1 - win);
    gradient[left[v]] += byScore;
    gradient[right[v]] -= byScore;
    gradient[q] += slope * (1 - look) * bias * (1 - bias);
    gradient[g] += slope * look * (1 - look) * (win - bias);
  }
  return objective;
}
