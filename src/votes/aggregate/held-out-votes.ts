/** How well a model predicts votes that it has not seen, from the other votes on their items (Stone 1974). */
import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";
import { classShares, fixKnown, type KnownLabels } from "./known-labels.js";
import { normalizeRows } from "./label-estimate.js";

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

/** How well models predict held-out votes. */
interface Predictions {
  /**
   * Sum over held-out votes of the difference of log-probability between two models, without the rater who favours the
   * first most: above 0, the first predicts better. One rater who always says the same shows nothing of the others.
   */
  gain(first: number, second: number): number;
}

/**
 * @param fitted fits all models to the votes of these weights, [V]; they are numbered in its order. @param alone whether
 * votes alone on their item are tried.
 */
export function heldOutVotes(
  votes: LabelVotes,
  weight: Float64Array,
  fitted: (weight: Float64Array) => FittedModel[],
  { seed, alone = false }: { seed: number; alone?: boolean },
): Predictions {
  const K = votes.labels.length;
  const random = new RandomStream(seed, "aggregate/held-out-votes");
  const fold = Uint8Array.from(votes.item, () => random.int(FOLDS));
  const logs: Float64Array[] = [];
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
    for (const [m, { posterior, says }] of fitted(train).entries()) {
      logs[m] ??= new Float64Array(votes.raters.length);
      for (const v of held) {
        let chance = 0;
        for (let c = 0; c < K; c++)
          chance += posterior[votes.item[v] * K + c] * says(votes.rater[v], c, votes.label[v]);
        logs[m][votes.rater[v]] += weight[v] * Math.log(Math.max(MIN_CHANCE, chance));
      }
    }
  }
  return {
    gain: (first, second) => {
      let [sum, most] = [0, 0];
      for (let w = 0; w < (logs[first]?.length ?? 0); w++) {
        const own = logs[first][w] - logs[second][w];
        sum += own;
        most = Math.max(most, own);
      }
      return sum - most;
    },
  };
}

/** By how much the first of two models predicts held-out votes better: `gain` of `heldOutVotes`. */
export const predictsBetter = (
  votes: LabelVotes,
  weight: Float64Array,
  [first, second]: readonly [(weight: Float64Array) => FittedModel, (weight: Float64Array) => FittedModel],
  options: { seed: number; alone?: boolean },
): number => heldOutVotes(votes, weight, (train) => [first(train), second(train)], options).gain(0, 1);

/**
 * The same posterior where labels are as common as its items make them, instead of equally likely: the shares that make
 * the votes likeliest (EM). @param posterior of equally likely labels, [I, K]. @param known labels, [I]; -1 where unknown.
 * @returns [I, K].
 */
export function withLabelShares(posterior: Float64Array, columns: number, known?: KnownLabels): Float64Array {
  let shares: Float64Array = new Float64Array(columns).fill(1 / columns);
  let shared = posterior;
  for (let step = 0; step < SHARE_STEPS; step++) {
    const weights = posterior.map((p, at) => p * shares[at % columns]);
    normalizeRows(weights, columns);
    fixKnown(weights, known, columns);
    shared = weights;
    shares = classShares(shared, known, columns);
  }
  return shared;
}
