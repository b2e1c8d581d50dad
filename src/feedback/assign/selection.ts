/**
 * Which items to ask about first. Each function computes values of items; the store hands out the highest first
 * (`setPriorities`).
 *
 * A preference model predicts P(first is better) = sigmoid(s_1 - s_2) from the scores of two responses; an ensemble of
 * M models gives M predictions.
 */
import { mean } from "../../statistics/estimates.js";
import { sigmoid } from "../../statistics/special-functions.js";
import type { ItemContent } from "../../votes/tasks/index.js";

/** Entropy of a coin with probability p, in nats: 0 for p = 0 or 1, log 2 for p = 1/2. */
export function entropy(p: number): number {
  const term = (q: number) => (q <= 0 ? 0 : -q * Math.log(q));
  return term(p) + term(1 - p);
}

/**
 * Uncertainty of one model (Lewis and Gale 1994, "A sequential algorithm for training text classifiers"): the entropy
 * of its prediction, H(sigmoid(s_1 - s_2)), in nats.
 */
export function uncertainty(first: number, second: number): number {
  return entropy(sigmoid(first - second));
}

/**
 * Disagreement of an ensemble: the variance of its members' predictions P(first is better) (Christiano et al. 2017,
 * "Deep reinforcement learning from human preferences", section 2.2.4).
 */
export function disagreement(first: readonly number[], second: readonly number[]): number {
  const p = predictions(first, second);
  const center = mean(p);
  return mean(p.map((value) => (value - center) ** 2));
}

/**
 * Information that a vote gives about the model (Houlsby et al. 2011, "Bayesian active learning for classification and
 * preference learning"): I = H(mean_m p_m) - mean_m H(p_m), in nats. A rater who answers at random with probability
 * `lapse` gives less information: p_m becomes lapse / 2 + (1 - lapse) p_m. Unlike for uncertainty, noise that all
 * members agree on has no value.
 */
export function informationGain(first: readonly number[], second: readonly number[], lapse = 0): number {
  const p = predictions(first, second).map((value) => lapse / 2 + (1 - lapse) * value);
  return Math.max(0, entropy(mean(p)) - mean(p.map(entropy)));
}

function predictions(first: readonly number[], second: readonly number[]): number[] {
  if (first.length !== second.length || first.length === 0)
    throw new RangeError(`ensembles of ${first.length} and ${second.length} scores`);
  return first.map((score, m) => sigmoid(score - second[m]));
}

/**
 * Selects a batch that is valuable and diverse: items are taken one after another, each time the one with the highest
 *
 *     value_i / max value + weight * min(1, distance to the nearest item taken / scale)
 *
 * (greedy k-centre, as in Sener and Savarese 2018, "Active learning for convolutional neural networks: a core-set
 * approach", with the value added). The scale is the mean distance of the items to their centre.
 *
 * @param features [n][d], scaled so that Euclidean distances are meaningful.
 * @returns indices of up to `count` items, in the order taken.
 */
export function diverse(
  values: readonly number[],
  features: readonly ArrayLike<number>[],
  count: number,
  weight = 1,
): number[] {
  const n = values.length;
  const most = Math.max(...values, Number.MIN_VALUE);
  const scale = spread(features);
  const nearest = new Float64Array(n).fill(Infinity);
  const taken: number[] = [];
  const left = new Set(values.keys());
  while (taken.length < Math.min(count, n)) {
    let [best, bestValue] = [-1, -Infinity];
    for (const i of left) {
      const value = values[i] / most + weight * (scale === 0 ? 0 : Math.min(1, nearest[i] / scale));
      if (value > bestValue) [best, bestValue] = [i, value];
    }
    left.delete(best);
    taken.push(best);
    for (const i of left) nearest[i] = Math.min(nearest[i], distance(features[i], features[best]));
  }
  return taken;
}

/** Mean distance of the items to their centre. */
function spread(features: readonly ArrayLike<number>[]): number {
  if (features.length === 0) return 0;
  const centre = new Float64Array(features[0].length);
  for (const row of features) for (let d = 0; d < centre.length; d++) centre[d] += row[d] / features.length;
  return mean(features.map((row) => distance(row, centre)));
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d] - b[d]) ** 2;
  return Math.sqrt(sum);
}

export const SELECTIONS = ["uncertainty", "disagreement", "information-gain"] as const;
/** By what items are chosen for raters. */
export type Selection = (typeof SELECTIONS)[number];

/**
 * The value of an item from the scores of its responses: `score` for uncertainty, `scores` for the others. With more
 * than two responses, the value of the most valuable pair. Undefined if scores are missing.
 */
export function selectionValue(selection: Selection, { responses }: ItemContent): number | undefined {
  let best: number | undefined;
  for (const [i, a] of responses.entries()) {
    for (const b of responses.slice(i + 1)) {
      const value = pairValue(selection, a, b);
      if (value === undefined) return undefined;
      best = Math.max(best ?? 0, value);
    }
  }
  return best;
}

type Scored = ItemContent["responses"][number];

function pairValue(selection: Selection, a: Scored, b: Scored): number | undefined {
  if (selection === "uncertainty")
    return a.score === undefined || b.score === undefined ? undefined : uncertainty(a.score, b.score);
  const [first, second] = [a.scores ?? [], b.scores ?? []];
  if (first.length < 2 || first.length !== second.length) return undefined;
  return selection === "disagreement" ? disagreement(first, second) : informationGain(first, second);
}
