/** How well a model predicts votes that it has not seen, from the other votes on their items (Stone 1974). */
import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";

/** A model fitted to some votes. */
export interface FittedModel {
  /** P(the truth of item i is label c), [I, K]. */
  posterior: Float64Array;
  /** P(rater w says y | the truth is c). */
  says(w: number, c: number, y: number): number;
}

const FOLDS = 5;
/** Enough held-out votes to tell models apart: with more, fewer folds are tried. */
const ENOUGH = 4000;
const MIN_CHANCE = 1e-6;

/**
 * Sum over held-out votes of the difference of log-probability between two models: above 0, the first predicts better.
 * Votes alone on their item are not tried.
 */
export function predictsBetter(
  votes: LabelVotes,
  weight: Float64Array,
  [first, second]: readonly [(weight: Float64Array) => FittedModel, (weight: Float64Array) => FittedModel],
  seed: number,
): number {
  const K = votes.labels.length;
  const random = new RandomStream(seed, "aggregate/held-out-votes");
  const fold = Uint8Array.from(votes.item, () => random.int(FOLDS));
  let [difference, tried] = [0, 0];
  for (let f = 0; f < FOLDS && tried < ENOUGH; f++) {
    const train = weight.map((share, v) => (fold[v] === f ? 0 : share));
    const left = new Float64Array(votes.items.length);
    for (let v = 0; v < train.length; v++) left[votes.item[v]] += train[v];
    const held = Int32Array.from(train.keys()).filter(
      (v) => fold[v] === f && weight[v] > 0 && left[votes.item[v]] > 0,
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
      difference += weight[v] * (a - b);
    }
  }
  return difference;
}
