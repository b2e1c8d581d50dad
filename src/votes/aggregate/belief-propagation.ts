/**
 * The label of each item and the ability of each rater, by belief propagation on the graph of raters and items (Karger,
 * Oh and Shah 2011, "Iterative learning for reliable crowdsourcing systems"; Liu, Peng and Ihler 2012, "Variational
 * inference for crowdsourcing"). Item i has a truth t, all K labels being equally likely, and rater w an ability a:
 *
 *   P(w says y | t, a) = a if y = t, else (1 - a) / (K - 1).
 *
 * 1. From rater to item, for each vote v: r_v = E[a | the rater's votes on other items].
 * 2. From item to rater: q_v = P(what v says is true | the other raters' votes on the item).
 * 3. The shares of the abilities among the raters, from their beliefs (empirical Bayes).
 *
 * No vote is evidence of its own rater's ability. So nothing is learned of raters who share no items with others: they
 * have the ability that is expected, and an item follows its votes. Where all raters are alike, the shares contract to
 * one ability, and votes count equally. With `own` above 0, messages contain that part of their receiver's own (at 1
 * they are the beliefs, as in EM): raters who are surer of themselves then count for more. The first messages always
 * contain all of it: messages without it may stay where all raters seem alike, though another state explains the votes
 * better.
 *
 * With two labels each state has a mirror image: all labels and all raters the other way round. Where the messages end
 * in one in which most raters are worse than chance, and those have two fifths of the votes or more, they begin again
 * from its image, which is taken if it explains the votes better: most people know more than nothing (as in Karger, Oh
 * and Shah, whose mean ability is above chance). Raters are counted, so that one who does half of the work and turns
 * every answer round is not believed; and votes, so that many who vote little are not.
 *
 * The Bethe approximation to the log-probability of the votes (Yedidia, Freeman and Weiss 2005), with own = 0:
 *
 *   log Z = sum over raters of log Z_w + sum over items of log Z_i - sum over votes of log Z_v.
 */
import type { LabelVotes } from "../votes.js";
import { fixKnown, type KnownLabels } from "./known-labels.js";
import { softmaxRows } from "./label-estimate.js";
import { type VoteLists, voteLists } from "./vote-lists.js";

export interface Beliefs {
  /** P(the truth of item i is label c), [I, K]. */
  posterior: Float64Array;
  /** Ability of each rater given all its votes, [W]. */
  ability: Float64Array;
  /** P(what vote v says is true | the other votes on its item), [V]: q_v. */
  others: Float64Array;
  /** Bethe approximation to the log-probability of the votes. */
  logEvidence: number;
  /** Shares of the abilities among the raters, [G]. */
  shares: Float64Array;
}

export interface BeliefOptions {
  /** Weight of each vote, [V]; default 1. 0 leaves a vote out. */
  weight?: ArrayLike<number>;
  /** Known labels, [I]; -1 where unknown. */
  known?: KnownLabels;
  /** Part of a message's receiver's own message that is left in it, in [0, 1]; default 0. */
  own?: number;
  /**
   * Shares of the abilities to begin with, [G], as learned from a part of the votes: few iterations are then enough.
   */
  begin?: Float64Array | undefined;
  /** Whether the shares of the abilities are learned from these votes; default true. */
  learn?: boolean;
}

/** The abilities that a rater may have, from one who inverts every answer to one who is never wrong, [G]. */
const ABILITIES = Float64Array.from({ length: 25 }, (_, k) => 0.02 + 0.04 * k);
const G = ABILITIES.length;
/** Expected abilities before any vote is read: a normal density, and a little everywhere. */
const EXPECTED = { mean: 0.75, spread: 0.15, everywhere: 0.02 };
/** Weight of the expected abilities next to the raters' own, in raters. */
const PRIOR_RATERS = 0.3;
const ITERATIONS = 100;
const ITERATIONS_FROM_SHARES = 20;
/** Iterations in which the part of its own message that a receiver gets back falls from all of it to `own`. */
const FALLING = 5;
/** Stops when no share changes by more. */
const TOLERANCE = 1e-4;
/** Part of the votes that raters below chance must have for the mirror image to be tried. */
const CONTRARY_VOTES = 0.4;
/** Votes of a rater after which its belief is scaled anew, so that it does not underflow. */
const RESCALED_AFTER = 32;

export function propagateBeliefs(votes: LabelVotes, options: BeliefOptions = {}): Beliefs {
  const { item, label, labels } = votes;
  const K = labels.length;
  // Known answers speak first: most raters may say the opposite of the truth.
  const first = (otherwise: (v: number) => number) =>
    Float64Array.from(item, (i, v) => knownChance(options.known?.[i] ?? -1, label[v]) ?? otherwise(v));
  const shares = options.begin ?? expectedShares();
  const found = converged(votes, options, { q: first(() => 1 / K), shares });
  if (K !== 2 || !mostAreContrary(found, votes, options.weight)) return found;
  const mirrored = converged(votes, options, {
    q: first((v) => 1 - found.others[v]),
    shares: found.shares.toReversed(),
  });
  return mirrored.logEvidence > found.logEvidence ? mirrored : found;
}

/** Whether most raters are worse than chance, and have two fifths of the votes at least. */
function mostAreContrary(
  { ability }: Beliefs,
  { rater }: LabelVotes,
  weight: ArrayLike<number> | undefined,
): boolean {
  const ofRater = new Float64Array(ability.length);
  for (let v = 0; v < rater.length; v++) ofRater[rater[v]] += weight?.[v] ?? 1;
  let [raters, contrary, all, theirs] = [0, 0, 0, 0];
  for (const [w, own] of ofRater.entries()) {
    if (own === 0) continue;
    const below = ability[w] < 0.5;
    raters++;
    all += own;
    if (below) {
      contrary++;
      theirs += own;
    }
  }
  return contrary > raters / 2 && theirs >= CONTRARY_VOTES * all;
}

/** @param from messages from items to raters, [V], and shares of the abilities, [G], to begin with. */
function converged(
  votes: LabelVotes,
  { weight, known, own = 0, begin, learn = true }: BeliefOptions,
  from: { q: Float64Array; shares: Float64Array },
): Beliefs {
  const { item, rater, label } = votes;
  const [V, W, I, K] = [item.length, votes.raters.length, votes.items.length, votes.labels.length];
  const byRater = voteLists(rater, W);
  const expected = expectedShares();
  let { q, shares } = from;
  const [right, toItem] = [new Float64Array(V), new Float64Array(V)];
  const ofItem = new Float64Array(I * K); // log-weights
  let beliefs = raterBeliefs(byRater, q, K, weight, shares);
  for (let iteration = 0; iteration < (begin ? ITERATIONS_FROM_SHARES : ITERATIONS); iteration++) {
    const back = Math.max(own, 1 - iteration / FALLING);
    // 1. Raters to items.
    ofItem.fill(0);
    for (let v = 0; v < V; v++) {
      const share = weight?.[v] ?? 1;
      if (share === 0) continue;
      right[v] = withoutVote(beliefs.chances, rater[v], q[v], K, share * (1 - back));
      toItem[v] = share * Math.log((right[v] * (K - 1)) / (1 - right[v]));
      ofItem[item[v] * K + label[v]] += toItem[v];
    }
    // 2. Items to raters.
    for (let v = 0; v < V; v++)
      q[v] = othersAgree(ofItem, item[v] * K, label[v], (1 - back) * toItem[v], K, known?.[item[v]] ?? -1);
    beliefs = raterBeliefs(byRater, q, K, weight, shares);
    if (back > own || !learn) continue;
    // 3. Shares.
    const next = meanShares(beliefs.chances, byRater, weight, expected);
    const moved = next.reduce((most, share, k) => Math.max(most, Math.abs(share - shares[k])), 0);
    shares = next;
    if (iteration > 1 && moved < TOLERANCE) break;
  }
  const ability = Float64Array.from({ length: W }, (_, w) =>
    mean(beliefs.chances.subarray(w * G, (w + 1) * G), ABILITIES),
  );
  const logEvidence =
    beliefs.logScale.reduce((sum, log) => sum + log, 0) + itemEvidence(votes, right, q, K, weight, known);
  softmaxRows(ofItem, K);
  fixKnown(ofItem, known, K);
  return { posterior: ofItem, ability, others: q, logEvidence, shares };
}

function expectedShares(): Float64Array {
  const { mean: centre, spread, everywhere } = EXPECTED;
  const shares = ABILITIES.map((a) => Math.exp(-(((a - centre) / spread) ** 2) / 2) + everywhere);
  normalize(shares);
  return shares;
}

/** P(ability | all votes of the rater), [W, G], and the logarithm of what they were divided by to sum to 1, [W]. */
interface RaterBeliefs {
  chances: Float64Array;
  logScale: Float64Array;
}

function raterBeliefs(
  { start, vote }: VoteLists,
  q: Float64Array,
  K: number,
  weight: ArrayLike<number> | undefined,
  shares: Float64Array,
): RaterBeliefs {
  const W = start.length - 1;
  const [chances, logScale] = [new Float64Array(W * G), new Float64Array(W)];
  for (let w = 0; w < W; w++) {
    const own = chances.subarray(w * G, (w + 1) * G);
    own.set(shares);
    for (let at = start[w]; at < start[w + 1]; at++) {
      const share = weight?.[vote[at]] ?? 1;
      const wrong = (1 - q[vote[at]]) / (K - 1);
      const rise = q[vote[at]] - wrong;
      if (share === 1) for (let k = 0; k < G; k++) own[k] *= wrong + rise * ABILITIES[k];
      else for (let k = 0; k < G; k++) own[k] *= Math.exp(share * Math.log(wrong + rise * ABILITIES[k]));
      if ((at - start[w]) % RESCALED_AFTER === 0) logScale[w] += normalize(own);
    }
    logScale[w] += normalize(own);
  }
  return { chances, logScale };
}

/** The items' and the votes' parts of the evidence. */
function itemEvidence(
  { item, label, items }: LabelVotes,
  right: Float64Array,
  q: Float64Array,
  K: number,
  weight: ArrayLike<number> | undefined,
  known: KnownLabels | undefined,
): number {
  let evidence = 0;
  const logs = new Float64Array(items.length * K);
  for (let v = 0; v < item.length; v++) {
    const share = weight?.[v] ?? 1;
    if (share === 0) continue;
    const wrong = (1 - right[v]) / (K - 1);
    for (let c = 0; c < K; c++) logs[item[v] * K + c] += share * Math.log(c === label[v] ? right[v] : wrong);
    evidence -= share * Math.log(q[v] * right[v] + (1 - q[v]) * wrong);
  }
  return evidence + sumOfItems(logs, K, known);
}

/** log of the mean over labels of exp(logs), or the known label's, summed over items. @param logs [I, K]. */
export function sumOfItems(logs: Float64Array, K: number, known: KnownLabels | undefined): number {
  let sum = 0;
  for (let at = 0; at < logs.length; at += K) {
    const label = known?.[at / K] ?? -1;
    if (label >= 0) {
      sum += logs[at + label];
      continue;
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < K; c++) most = Math.max(most, logs[at + c]);
    let total = 0;
    for (let c = 0; c < K; c++) total += Math.exp(logs[at + c] - most);
    sum += most + Math.log(total / K);
  }
  return sum;
}

/**
 * Mean ability of a rater without its vote, where P(what the vote says is true) is q:
 * P(vote | a) = q a + (1 - q) (1 - a) / (K - 1).
 */
function withoutVote(beliefs: Float64Array, w: number, q: number, K: number, share: number): number {
  const wrong = (1 - q) / (K - 1);
  const rise = q - wrong;
  let [sum, weighted] = [0, 0];
  for (let k = 0; k < G; k++) {
    const chance = wrong + rise * ABILITIES[k];
    const without = beliefs[w * G + k] / (share === 1 ? chance : Math.exp(share * Math.log(chance)));
    sum += without;
    weighted += without * ABILITIES[k];
  }
  return weighted / sum;
}

/** Whether a known label is this one, as a chance; undefined where none is known. */
const knownChance = (known: number, label: number): number | undefined =>
  known < 0 ? undefined : known === label ? 1 : 0;

/** P(the item's truth is `label` | all votes but one for it). @param known the item's label; -1 where unknown. */
function othersAgree(
  ofItem: Float64Array,
  from: number,
  label: number,
  own: number,
  K: number,
  known: number,
): number {
  const certain = knownChance(known, label);
  if (certain !== undefined) return certain;
  const said = ofItem[from + label] - own;
  let others = 0;
  for (let c = 0; c < K; c++) if (c !== label) others += Math.exp(ofItem[from + c] - said);
  return 1 / (1 + others);
}

/** Mean belief of the raters who have votes, with the expected shares counted as a few more. */
function meanShares(
  beliefs: Float64Array,
  { start, vote }: VoteLists,
  weight: ArrayLike<number> | undefined,
  expected: Float64Array,
): Float64Array {
  const sum = expected.map((share) => share * PRIOR_RATERS);
  for (let w = 0; w + 1 < start.length; w++) {
    let counts = false;
    for (let at = start[w]; at < start[w + 1] && !counts; at++) counts = (weight?.[vote[at]] ?? 1) > 0;
    if (counts) for (let k = 0; k < G; k++) sum[k] += beliefs[w * G + k];
  }
  normalize(sum);
  return sum;
}

function mean(chances: Float64Array, values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < chances.length; k++) sum += chances[k] * values[k];
  return sum;
}

/** Divides by the sum, in place. @returns its logarithm. */
function normalize(values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  for (let k = 0; k < values.length; k++) values[k] /= sum;
  return Math.log(sum);
}
