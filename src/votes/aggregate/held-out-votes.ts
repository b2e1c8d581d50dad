/** How well a model predicts votes that it has not seen, from the other votes on their items (Stone 1974). */
import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";
import { meanRow, normalizeRows } from "./label-estimate.js";

/** A model fitted to some votes. */
export interface FittedModel {
  /** P(the truth of item i is label c), [I, K]. */
  posterior: Float64Array;
  /** P(rater w says y | the truth is c). */
  says(w: number, c: number, y: number): number;
}

/** Steps in which the shares of labels are learned. */
const SHARE_STEPS = 20;
const FOLDS = 5;
/** Enough held-out votes to tell models apart: with more, fewer folds are tried. */
export const ENOUGH = 4000;
const MIN_CHANCE = 1e-6;

/**
 * Sum over held-out votes of the difference of log-probability between two models, without the rater who favours the
 * first most: above 0, the first predicts better. One rater who always says the same shows nothing of the others.
 *
 * @param alone whether votes alone on their item are tried.
 */
export function predictsBetter(
  votes: LabelVotes,
  weight: Float64Array,
  [first, second]: readonly [(weight: Float64Array) => FittedModel, (weight: Float64Array) => FittedModel],
  { seed, alone = false }: { seed: number; alone?: boolean },
): number {
  const K = votes.labels.length;
  const random = new RandomStream(seed, "aggregate/held-out-votes");
  const fold = Uint8Array.from(votes.item, () => random.int(FOLDS));
  const gain = new Float64Array(votes.raters.length);
  let tried = 0;
  for (let f = 0; f < FOLDS && tried < ENOUGH; f++) {
    const train = weight.map((share, v) => (fold[v] === f ? 0 : share));
    const left = new Float64Array(votes.items.length);
    for (let v = 0; v < train.length; v++) left[votes.item[v]] += train[v];
    const held = Int32Array.from(train.keys()).filter(
      (v) => fold[v] === f && weight[v] > 0 && (alone || left[votes.item[v]] > 0),
    );
    if (held.length === 0) continue;
    tried += held.length;
    const models = [first(train), second(train)];
    for (const v of held) {
      const [a, b] = models.map(({ posterior, says }) => {
        let chance = 0;
        for (let c = 0; c < K; c++)
          chance += posterior[votes.item[v] * K + c] * says(votes.rater[v], c, votes.label[v]);
        return Math.log(Math.max(MIN_CHANCE, chance));
      });
      gain[votes.rater[v]] += weight[v] * (a - b);
    }
  }
  return gain.reduce((sum, own) => sum + own, 0) - gain.reduce((most, own) => Math.max(most, own), 0);
}

/**
 * The same posterior where labels are as common as its items make them, instead of equally likely: the shares that make
 * the votes likeliest (EM). @param posterior of equally likely labels, [I, K]. @returns [I, K].
 */
export function withLabelShares(posterior: Float64Array, columns: number): Float64Array {
  let shares: Float64Array = new Float64Array(columns).fill(1 / columns);
  let shared = posterior;
  for (let step = 0; step < SHARE_STEPS; step++) {
    const weights = posterior.map((p, at) => p * shares[at % columns]);
    normalizeRows(weights, columns);
    shared = weights;
    shares = meanRow(shared, columns);
  }
  return shared;
}
