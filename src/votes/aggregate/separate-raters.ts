/**
 * Raters who are connected to others by no items, not even through third ones: of two languages, say, or of teams that
 * have items of their own. Only that they are raters too says what may be expected of them. Where a part's votes are
 * likelier, by a factor of e^2 at least, if its raters are taken by themselves - all alike, or with abilities whose
 * shares are learned from them alone - than with the abilities of all parts expected of them, they are. Where there are
 * very many votes, a sample of each part's items decides.
 *
 * Parts that few votes connect (nearly-separate.ts) are treated so too: what one bilingual rater is like does not say what
 * the others are. Who has votes in several parts is a rater of each.
 */
import type { LabelVotes } from "../votes.js";
import { propagateBeliefs } from "./belief-propagation.js";
import { equalAbilities } from "./equal-abilities.js";
import type { KnownLabels } from "./known-labels.js";
import { nearlySeparate } from "./nearly-separate.js";
import { MAX_COMPARED, sampleOfItems } from "./sample-of-items.js";
import { voteLists } from "./vote-lists.js";

/** Some raters with all of their votes; the indices are of the part. */
interface SeparatePart {
  votes: LabelVotes;
  weight: Float64Array;
  known: KnownLabels | undefined;
  /** Indices among all raters and items; of each, at least one. */
  raters: Int32Array;
  items: Int32Array;
}

/** A part's own estimate. */
interface OwnAbilities {
  part: SeparatePart;
  /** P(the truth of the part's item i is label c), [I, K]. */
  posterior: Float64Array;
  /** Of each of the part's raters, [W]. */
  ability: Float64Array;
  /** Whether more than half of a rater's votes are in the part, [W]. */
  home: boolean[];
}

/** What a part must gain in log-evidence by being taken by itself. */
const MIN_GAIN = 2;
/** Two raters cannot be told apart. */
const FEWEST_RATERS = 3;

/**
 * The parts whose raters are to be taken by themselves.
 *
 * @param weight of each vote, [V]; votes of weight 0 connect nobody. @param shares of the abilities among all raters.
 * @param own as in `BeliefOptions`, for the estimates. @param seed of the samples of items.
 */
export function takenByThemselves(
  votes: LabelVotes,
  {
    weight,
    known,
    shares,
    own,
    seed = 0,
  }: {
    weight: Float64Array;
    known: KnownLabels | undefined;
    shares: Float64Array;
    own: number;
    seed?: number;
  },
): OwnAbilities[] {
  const parts = separateParts(votes, weight, known).flatMap((part) => cutApart(part, seed));
  if (parts.length < 2) return [];
  const cast = votesOf(votes);
  return parts.flatMap((part) => {
    if (part.raters.length < FEWEST_RATERS) return [];
    const most = (MAX_COMPARED * part.votes.item.length) / votes.item.length;
    const sample = sampleOfItems(part.votes, part.weight, seed, most);
    const given = { weight: sample.weight, known: part.known };
    const expected = propagateBeliefs(sample.votes, { ...given, begin: shares, learn: false }).logEvidence;
    const alike = equalAbilities(sample.votes, given);
    const differ = propagateBeliefs(sample.votes, given);
    if (Math.max(alike.logEvidence, differ.logEvidence) < expected + MIN_GAIN) return [];
    const all = { weight: part.weight, known: part.known };
    const here = votesOf(part.votes);
    const home = Array.from(part.raters, (rater, w) => here[w] > cast[rater] / 2);
    const sampled = sample.votes !== part.votes;
    if (differ.logEvidence < alike.logEvidence + MIN_GAIN) {
      const { posterior, ability } = sampled ? equalAbilities(part.votes, all) : alike;
      return [{ part, posterior, ability: new Float64Array(part.raters.length).fill(ability), home }];
    }
    const begin = sampled ? differ.shares : undefined;
    const { posterior, ability } = propagateBeliefs(part.votes, { ...all, own, begin });
    return [{ part, posterior, ability, home }];
  });
}

/** The number of each rater's votes, [W]. */
function votesOf({ rater, raters }: LabelVotes): Int32Array {
  const count = new Int32Array(raters.length);
  for (const w of rater) count[w]++;
  return count;
}

/**
 * The part cut where few votes connect it, each piece again; the part itself if it holds together, or has so many votes
 * that cutting it would take longer than all else.
 */
function cutApart(part: SeparatePart, seed: number): SeparatePart[] {
  if (part.votes.item.length > MAX_COMPARED) return [part];
  const sides = nearlySeparate(part.votes, part.weight, FEWEST_RATERS, seed);
  if (sides === undefined) return [part];
  return [0, 1].flatMap((side) => {
    const kept = Int32Array.from(part.votes.item.keys()).filter((v) => sides[part.votes.item[v]] === side);
    const piece = partOf(part.votes, part.weight, part.known, kept);
    const [raters, items] = [piece.raters.map((w) => part.raters[w]), piece.items.map((i) => part.items[i])];
    return cutApart({ ...piece, raters, items }, seed);
  });
}

/** Connected parts of the graph of raters and items, in the order of their first votes. Raters without weight have none. */
export function separateParts(
  votes: LabelVotes,
  weight: Float64Array,
  known: KnownLabels | undefined,
): SeparatePart[] {
  const { item, rater, items, raters } = votes;
  const W = raters.length;
  // A forest of raters and, after them, items.
  const above = Int32Array.from({ length: W + items.length }, (_, node) => node);
  const top = (node: number): number => {
    let at = node;
    while (above[at] !== at) {
      above[at] = above[above[at]];
      at = above[at];
    }
    return at;
  };
  for (let v = 0; v < item.length; v++) if (weight[v] > 0) above[top(rater[v])] = top(W + item[v]);
  const numbers = new Map<number, number>();
  const owner = Int32Array.from(rater, (w) => {
    const root = top(w);
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    return number;
  });
  const { start, vote } = voteLists(owner, numbers.size);
  return Array.from({ length: numbers.size }, (_, p) =>
    vote.subarray(start[p], start[p + 1]).filter((v) => weight[v] > 0),
  )
    .filter((kept) => kept.length > 0)
    .map((kept) => partOf(votes, weight, known, kept));
}

function partOf(
  { item, rater, label, items, raters, labels }: LabelVotes,
  weight: Float64Array,
  known: KnownLabels | undefined,
  kept: Int32Array,
): SeparatePart {
  const [itemsOf, ratersOf] = [item, rater].map((of) => renumbered(Int32Array.from(kept, (v) => of[v])));
  return {
    votes: {
      items: Array.from(itemsOf.names, (i) => items[i]),
      raters: Array.from(ratersOf.names, (w) => raters[w]),
      labels,
      item: itemsOf.index,
      rater: ratersOf.index,
      label: Int32Array.from(kept, (v) => label[v]),
    },
    weight: Float64Array.from(kept, (v) => weight[v]),
    known: known && itemsOf.names.map((i) => known[i]),
    raters: ratersOf.names,
    items: itemsOf.names,
  };
}

/** The different values in order of appearance, and each value's place among them. */
function renumbered(values: Int32Array): { names: Int32Array; index: Int32Array } {
  const places = new Map<number, number>();
  const index = values.map((value) => {
    const place = places.get(value) ?? places.size;
    places.set(value, place);
    return place;
  });
  return { names: Int32Array.from(places.keys()), index };
}
