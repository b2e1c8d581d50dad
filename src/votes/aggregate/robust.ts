/**
 * The default method. It looks for rings, leaves out their votes, and takes the simplest model of the raters that the
 * votes call for:
 *
 *   1. all raters alike: an item follows its votes;
 *   2. an ability for each rater, by belief propagation: if that makes the votes likelier, by a factor of e^2 at least;
 *   3. an ability for each rater by EM: if raters are found who agree more among themselves than the truth explains,
 *      and agree with the others too (experts);
 *   4. confusions for each rater (Dawid and Skene), for labels only: if they predict held-out votes better, and not one
 *      rater's alone.
 *
 * Without overlap 2 to 4 are never called for, so that no prior and no habit of the pool outvotes an item's votes.
 */
import type { LabelVotes } from "../votes.js";
import { type Beliefs, propagateBeliefs } from "./belief-propagation.js";
import { type CollusionOptions, type SharedAnswers, sharedAnswers } from "./collusion.js";
import { dawidSkene, oneCoin, pooledDawidSkene } from "./dawid-skene.js";
import { type EqualAbilities, equalAbilities } from "./equal-abilities.js";
import { type FittedModel, predictsBetter, withLabelShares } from "./held-out-votes.js";
import { meanRight } from "./label-estimate.js";
import { sampleOfItems } from "./sample-of-items.js";
import { weightsWithout } from "./weight-cap.js";

/** What the raters are taken to be. */
export type RaterModel = "alike" | "abilities" | "experts" | "confusions";

export interface RobustEstimate {
  /** P(the truth of item i is label c), [I, K]. */
  posterior: Float64Array;
  /** How often each rater is right, all truths counting the same, [W]. */
  ability: Float64Array;
  /** The model of the raters that was called for. */
  model: RaterModel;
  groups: SharedAnswers["colluding"];
  /**
   * Weight of each vote, [V]: 0 for members of a ring, less than 1 for a rater whose share was reduced to `maxShare`.
   */
  weight: Float64Array;
}

export interface RobustOptions extends CollusionOptions {
  /** Largest share of the total weight that one rater may have, in (0, 1]; 1 means no bound. */
  maxShare?: number;
  /** Weight of each vote before rings and `maxShare`, [V]; default 1. */
  strength?: Float64Array;
  /** Whether raters may confuse labels each in its own way; not for sides of pairs, which mean nothing. */
  confusions?: boolean;
}

/** What a model with an ability a rater must gain in log-evidence over that of raters who are all alike. */
const MIN_GAIN = 2;
/** What confusions must gain in the log-probability of held-out votes, not counting the rater who gains most. */
const MIN_PREDICTED = 10;
/** Part of its own message that a rater gets back once abilities are called for: experts then count in full. */
const OWN = 0.15;
/** Added to each count of a confusion, so that a rater with few votes never counts as infallible. */
const PSEUDO = 0.01;
const COIN_PSEUDO = 0.5;

export function robust(votes: LabelVotes, options: RobustOptions = {}): RobustEstimate {
  const { maxShare = 1, strength, known, seed = 0, confusions = true } = options;
  if (votes.labels.length === 1) return onlyLabel(votes);
  // 1. Rings.
  const { colluding: groups, knowing } = sharedAnswers(votes, options);
  const weight = weightsWithout(groups, votes, maxShare, strength);
  // 2. One ability for all, or one for each: on a part of the votes where there are very many.
  const part = sampleOfItems(votes, weight, seed);
  const compared = { weight: part.weight, known };
  const beliefs = propagateBeliefs(part.votes, compared);
  const differ = beliefs.logEvidence - equalAbilities(part.votes, compared).logEvidence >= MIN_GAIN;
  // 3. Confusions.
  if (
    confusions &&
    predictsBetter(part.votes, part.weight, [confused(part.votes), able(part.votes, differ)], { seed }) >=
      MIN_PREDICTED
  ) {
    const { posterior, confusion } = dawidSkene(votes, { weight, pseudo: PSEUDO, known });
    return { posterior, ability: meanRight(confusion, votes), model: "confusions", groups, weight };
  }
  if (knowing.length > 0) {
    const { posterior, confusion } = oneCoin(votes, { weight, pseudo: COIN_PSEUDO, known });
    return { posterior, ability: meanRight(confusion, votes), model: "experts", groups, weight };
  }
  if (!differ) {
    const alike = equalAbilities(votes, { weight, known });
    const ability = new Float64Array(votes.raters.length).fill(alike.ability);
    return { posterior: alike.posterior, ability, model: "alike", groups, weight };
  }
  const begin = part.votes === votes ? undefined : beliefs.shares;
  const { posterior, ability } = propagateBeliefs(votes, { weight, known, own: OWN, begin });
  return { posterior, ability, model: "abilities", groups, weight };
}

const onlyLabel = ({ items, item, raters }: LabelVotes): RobustEstimate => ({
  posterior: new Float64Array(items.length).fill(1),
  ability: new Float64Array(raters.length).fill(1),
  model: "alike",
  groups: [],
  weight: new Float64Array(item.length).fill(1),
});

const confused =
  (votes: LabelVotes) =>
  (weight: Float64Array): FittedModel => {
    const K = votes.labels.length;
    const { posterior, confusion } = pooledDawidSkene(votes, { weight });
    return { posterior, says: (w, c, y) => confusion[(w * K + c) * K + y] };
  };

const able =
  (votes: LabelVotes, differ: boolean) =>
  (weight: Float64Array): FittedModel => {
    const K = votes.labels.length;
    const model: Beliefs | EqualAbilities = differ
      ? propagateBeliefs(votes, { weight })
      : equalAbilities(votes, { weight });
    const { ability } = model;
    const right = (w: number) => (typeof ability === "number" ? ability : ability[w]);
    const posterior = withLabelShares(model.posterior, K);
    return { posterior, says: (w, c, y) => (c === y ? right(w) : (1 - right(w)) / (K - 1)) };
  };
