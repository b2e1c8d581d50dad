/** A model of votes in which raters err independently given the truth; collusion shows as a deviation from it. */
import type { LabelVotes } from "../votes.js";
import { oneCoin } from "./dawid-skene.js";
import { classShares, type KnownLabels } from "./known-labels.js";
import { confusions, LEAST, softmaxRows } from "./label-estimate.js";

const PSEUDO = 0.5;
/** Log-odds of a known label: more than any votes that are subtracted from it can weigh. */
const CERTAIN = 1000;

/** Truths and confusions under the assumption that raters err independently. */
export interface IndependentRaters {
  weight: Float64Array;
  /** Log-weights of truths from all votes of weight 1, [I, K]. */
  logTruth: Float64Array;
  /** [W, K, K]. */
  confusion: Float64Array;
}

export function independentRaters(
  votes: LabelVotes,
  weight: Float64Array,
  iterations: number,
  known: KnownLabels | undefined,
): IndependentRaters {
  const K = votes.labels.length;
  const { posterior } = oneCoin(votes, { weight, pseudo: PSEUDO, iterations, tolerance: 0, known });
  const prior = classShares(posterior, known, K);
  const confusion = confusions(votes, posterior, PSEUDO);
  const logTruth = new Float64Array(posterior.length);
  for (let at = 0; at < logTruth.length; at++) logTruth[at] = Math.log(Math.max(LEAST, prior[at % K]));
  for (let v = 0; v < votes.item.length; v++)
    for (let c = 0; c < K; c++)
      logTruth[votes.item[v] * K + c] +=
        weight[v] * Math.log(confusion[(votes.rater[v] * K + c) * K + votes.label[v]]);
  if (known !== undefined)
    for (let i = 0; i < known.length; i++)
      for (let c = 0; c < K && known[i] >= 0; c++) logTruth[i * K + c] = c === known[i] ? 0 : -CERTAIN;
  return { weight, logTruth, confusion };
}

/** Writes P(truth of the item | all its votes except `own`) to `truth` [K]. @param own votes on one item. */
export function truthWithout(
  votes: LabelVotes,
  model: IndependentRaters,
  own: readonly number[],
  truth: Float64Array,
): void {
  const K = truth.length;
  for (let c = 0; c < K; c++) {
    truth[c] = model.logTruth[votes.item[own[0]] * K + c];
    for (const v of own)
      if (model.weight[v] !== 0)
        truth[c] -= Math.log(model.confusion[(votes.rater[v] * K + c) * K + votes.label[v]]);
  }
  softmaxRows(truth, K);
}

/** z-score of agreements given their expectation and variance: (a - e) / sqrt(v + 1/4). */
export const excessOf = (agreed: number, expected: number, variance: number): number =>
  (agreed - expected) / Math.sqrt(variance + 0.25);

/** sum_y P(u says y | c) P(v says y | c), [K]. */
export function agreementByTruth(confusion: Float64Array, u: number, v: number, K: number): Float64Array {
  const agreement = new Float64Array(K);
  for (let at = 0; at < K * K; at++)
    agreement[Math.floor(at / K)] += confusion[u * K * K + at] * confusion[v * K * K + at];
  return agreement;
}
