/**
 * The default method. It looks for rings, leaves out their votes, and takes the simplest model of the raters that the
 * votes call for:
 *
 *   1. all raters alike: an item follows its votes;
 *   2. an ability for each rater, by belief propagation: if that makes the votes likelier, by a factor of e^2 at least;
 *   3. an ability for each rater by EM: if raters are found who agree more among themselves than the truth explains,
 *      and agree with the others too (experts);
 *   4. for labels only, rates of being right for each rater and label, or 5. confusions (Dawid and Skene): if they
 *      predict held-out votes better, not one rater's alone, and make no label one that only a few see; where experts
 *      are found, only if nine in ten of the experts' answers stay.
 *
 * Without overlap 2 to 5 are never called for, so that no prior and no habit of the pool outvotes an item's votes.
 */
import type { LabelVotes } from "../votes.js";
import { type Beliefs, propagateBeliefs } from "./belief-propagation.js";
import { type CollusionOptions, type SharedAnswers, sharedAnswers } from "./collusion.js";
import { dawidSkene, oneCoin, pooledDawidSkene } from "./dawid-skene.js";
import { type EqualAbilities, equalAbilities } from "./equal-abilities.js";
import { type FittedModel, heldOutVotes, withLabelShares } from "./held-out-votes.js";
import { type LabelEstimate, likeliest, meanRight } from "./label-estimate.js";
import { isLabelOfTheFew } from "./label-of-the-few.js";
import { ratesByLabel } from "./rates-by-label.js";
import { type SampledVotes, sampleOfItems } from "./sample-of-items.js";
import { takenByThemselves } from "./separate-raters.js";
import { weightsWithout } from "./weight-cap.js";

/** What the raters are taken to be. */
export type RaterModel = "alike" | "abilities" | "experts" | "rates" | "confusions";

interface RobustEstimate {
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
/** What labels as common as the items make them must gain so over equally likely ones. */
const MIN_SHARES = 40;
/** What rates by label must gain so, over confusions that gain enough, and over abilities where they do not. */
const MIN_RATES = 20;
/** Share of the experts' answers that rates or confusions must leave: another answer to the items is no finer one. */
const MIN_SAME = 0.9;
/** Part of its own message that a rater gets back once abilities are called for: experts then count in full. */
const OWN = 0.15;
/** Added to each count of a confusion, so that a rater with few votes never counts as infallible. */
const PSEUDO = 0.01;
const COIN_PSEUDO = 0.5;

export function robust(votes: LabelVotes, options: RobustOptions = {}): RobustEstimate {
  const { maxShare = 1, strength, known, seed = 0, confusions = true } = options;
  const K = votes.labels.length;
  if (K === 1) return onlyLabel(votes);
  // 1. Rings.
  const { colluding: groups, knowing } = sharedAnswers(votes, options);
  const weight = weightsWithout(groups, votes, maxShare, strength);
  // 2. One ability for all, or one for each: on a part of the votes where there are very many.
  const part = sampleOfItems(votes, weight, seed);
  const compared = { weight: part.weight, known };
  const beliefs = propagateBeliefs(part.votes, compared);
  const differ = beliefs.logEvidence - equalAbilities(part.votes, compared).logEvidence >= MIN_GAIN;
  // 3. Labels that are not equally common, and raters who err on one more than on another.
  const experts = knowing.length > 0;
  const called = confusions ? calledFor(part, { experts, differ }, seed) : undefined;
  const able = (): Pick<RobustEstimate, "posterior" | "ability" | "model"> => {
    if (experts) {
      const { posterior, confusion } = oneCoin(votes, { weight, pseudo: COIN_PSEUDO, known });
      return { posterior, ability: meanRight(confusion, votes), model: "experts" };
    }
    if (!differ) {
      const { posterior, ability } = equalAbilities(votes, { weight, known });
      return { posterior, ability: new Float64Array(votes.raters.length).fill(ability), model: "alike" };
    }
    const { shares } = beliefs;
    const begin = part.votes === votes ? undefined : shares;
    const { posterior, ability } = propagateBeliefs(votes, { weight, known, own: OWN, begin });
    for (const one of takenByThemselves(votes, { weight, known, shares, own: OWN, seed })) {
      for (const [w, rater] of one.part.raters.entries()) if (one.home[w]) ability[rater] = one.ability[w];
      for (const [i, item] of one.part.items.entries())
        posterior.set(one.posterior.subarray(i * K, (i + 1) * K), item * K);
    }
    return { posterior, ability, model: "abilities" };
  };
  const estimate = able();
  for (const model of called?.models ?? []) {
    const { posterior, confusion } =
      model === "confusions"
        ? dawidSkene(votes, { weight, pseudo: PSEUDO, known })
        : ratesByLabel(votes, { weight, known, begin: called?.fromVotes ? undefined : estimate.posterior });
    if (experts && sameAnswers(posterior, estimate.posterior, K) < MIN_SAME) continue;
    if (isLabelOfTheFew(votes, confusion, weight)) break;
    return { posterior, ability: meanRight(confusion, votes), model, groups, weight };
  }
  if (called?.shares) estimate.posterior = withLabelShares(estimate.posterior, K, known);
  return { ...estimate, groups, weight };
}

/** Share of the items that have the same label in both, [I, K] each. */
function sameAnswers(a: Float64Array, b: Float64Array, K: number): number {
  const [first, second] = [likeliest(a, K), likeliest(b, K)];
  return first.filter((label, i) => label === second[i]).length / Math.max(1, first.length);
}

const onlyLabel = ({ items, item, raters }: LabelVotes): RobustEstimate => ({
  posterior: new Float64Array(items.length).fill(1),
  ability: new Float64Array(raters.length).fill(1),
  model: "alike",
  groups: [],
  weight: new Float64Array(item.length).fill(1),
});

/** What held-out votes call for, for labels. */
interface CalledFor {
  /** Whether labels are as common as the items make them, and not equally likely. */
  shares: boolean;
  /** The models of how raters take one label for another that are called for, the better one first. */
  models: ("rates" | "confusions")[];
  /** Whether rates begin with the shares of the votes, and not with the result of abilities. */
  fromVotes: boolean;
}

const [EVEN, SHARED, FROM_VOTES, FROM_ABLE, CONFUSED] = [0, 1, 2, 3, 4];

function calledFor(
  { votes, weight }: SampledVotes,
  { experts, differ }: { experts: boolean; differ: boolean },
  seed: number,
): CalledFor {
  const K = votes.labels.length;
  const confused = ({ posterior, confusion }: LabelEstimate): FittedModel => ({
    posterior,
    says: (w, c, y) => confusion[(w * K + c) * K + y],
  });
  /** The model of abilities, where labels are equally likely and where they are as common as the items make them. */
  const able = (train: Float64Array): [FittedModel, FittedModel] => {
    if (experts) {
      const coins = confused(oneCoin(votes, { weight: train, pseudo: COIN_PSEUDO }));
      return [coins, coins];
    }
    const { ability, posterior }: Beliefs | EqualAbilities = differ
      ? propagateBeliefs(votes, { weight: train })
      : equalAbilities(votes, { weight: train });
    const right = (w: number) => (typeof ability === "number" ? ability : ability[w]);
    const says = (w: number, c: number, y: number) => (c === y ? right(w) : (1 - right(w)) / (K - 1));
    return [
      { posterior, says },
      { posterior: withLabelShares(posterior, K), says },
    ];
  };
  const fitted = (train: Float64Array): FittedModel[] => {
    const [even, shared] = able(train);
    return [
      even,
      shared,
      confused(ratesByLabel(votes, { weight: train })),
      confused(ratesByLabel(votes, { weight: train, begin: even.posterior })),
      confused(pooledDawidSkene(votes, { weight: train })),
    ];
  };
  const { gain } = heldOutVotes(votes, weight, fitted, { seed });
  const shares = gain(SHARED, EVEN) >= MIN_SHARES;
  const fromVotes = gain(FROM_VOTES, FROM_ABLE) >= 0;
  const byLabel = fromVotes ? FROM_VOTES : FROM_ABLE;
  const models: CalledFor["models"] = [];
  if (gain(byLabel, SHARED) >= MIN_RATES) models.push("rates");
  if (gain(CONFUSED, SHARED) >= MIN_PREDICTED) {
    if (gain(byLabel, CONFUSED) < MIN_RATES) models.unshift("confusions");
    else models.push("confusions");
  }
  return { shares, models, fromVotes };
}
