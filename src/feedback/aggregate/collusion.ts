/**
 * Raters who answer from a shared key instead of looking. Given the truth, honest raters err independently; colluders agree
 * more than their error rates allow. EM methods take such agreement for skill, so it has to be found first.
 *
 * 1. Truths by the one-coin model, which collusion bends least, and every rater's confusions against them.
 * 2. For each pair of raters, agreements on common items against their expectation, the truth of each item being what the
 *    item's other votes say: z = (a - e) / sqrt(v + 1/4).
 * 3. Items differ in difficulty, so honest pairs agree a little more than expected too: the median and the median absolute
 *    deviation of all z are the null (Efron 2004, "Large-scale simultaneous hypothesis testing").
 * 4. Benjamini and Hochberg 1995: pairs at a false discovery rate; their connected components of at least three raters are
 *    groups. Two raters alone are not held to be a ring.
 * 5. Again without those found, until no more are.
 */
import { normalCdf } from "../../statistics/normal.js";
import type { LabelVotes } from "../votes.js";
import { oneCoin } from "./dawid-skene.js";
import { confusions, LEAST, meanRow, softmaxRows } from "./label-estimate.js";

/** Two raters who agree more than their errors allow. */
export interface ColludingPair {
  raters: readonly [number, number];
  /** Items that both labelled, agreements among them, and how many were to be expected. */
  common: number;
  agreed: number;
  expected: number;
  /** Chance of so much agreement among honest raters. */
  p: number;
}

export interface CollusionOptions {
  /** Expected share of honest pairs among those found. */
  falseDiscoveryRate?: number;
  /** Pairs with fewer items in common are not looked at. */
  leastCommon?: number;
}

const ROUNDS = 5;
const SMALLEST_GROUP = 3;
const PSEUDO = 0.5;
/** Pairs whose agreement is looked at on one item: an item with very many votes is read by its first ones. */
const MOST_VOTES_READ = 30;

/** @returns groups of colluding raters, the largest first, and the pairs that speak for it. */
export function colludingGroups(
  votes: LabelVotes,
  { falseDiscoveryRate = 0.01, leastCommon = 3 }: CollusionOptions = {},
): { groups: number[][]; pairs: ColludingPair[] } {
  const weight = new Float64Array(votes.item.length).fill(1);
  const found = new Map<string, ColludingPair>();
  for (let round = 0; round < ROUNDS; round++) {
    const tested = testedPairs(votes, weight, leastCommon);
    const fresh = discoveries(tested, falseDiscoveryRate).filter(({ raters }) => !found.has(String(raters)));
    if (fresh.length === 0) break;
    for (const pair of fresh) found.set(String(pair.raters), pair);
    const flagged = new Set(components([...found.values()]).flat());
    for (let v = 0; v < weight.length; v++) weight[v] = flagged.has(votes.rater[v]) ? 0 : 1;
  }
  const pairs = [...found.values()];
  return { groups: components(pairs), pairs };
}

/** Every pair with enough items in common, with its p under the empirical null. */
function testedPairs(votes: LabelVotes, weight: Float64Array, leastCommon: number): ColludingPair[] {
  const K = votes.labels.length;
  const { posterior } = oneCoin(votes, { weight, pseudo: PSEUDO });
  const prior = meanRow(posterior, K);
  const confusion = confusions(votes, posterior, PSEUDO);
  const sums = new Map<number, { common: number; agreed: number; expected: number; variance: number }>();
  for (const own of votesByItem(votes)) {
    const truth = new Float64Array(K);
    for (let a = 0; a < own.length; a++) {
      for (let b = a + 1; b < own.length; b++) {
        const [u, v] = [votes.rater[own[a]], votes.rater[own[b]]].sort((x, y) => x - y);
        if (u === v) continue;
        // P(truth | the item's other votes), those of raters already found left out.
        for (let c = 0; c < K; c++) truth[c] = Math.log(Math.max(LEAST, prior[c]));
        for (const other of own) {
          if (other === own[a] || other === own[b] || weight[other] === 0) continue;
          for (let c = 0; c < K; c++)
            truth[c] += Math.log(confusion[(votes.rater[other] * K + c) * K + votes.label[other]]);
        }
        softmaxRows(truth, K);
        let expected = 0;
        for (let c = 0; c < K; c++)
          for (let y = 0; y < K; y++)
            expected += truth[c] * confusion[(u * K + c) * K + y] * confusion[(v * K + c) * K + y];
        const key = u * votes.raters.length + v;
        const sum = sums.get(key) ?? { common: 0, agreed: 0, expected: 0, variance: 0 };
        sum.common++;
        sum.agreed += votes.label[own[a]] === votes.label[own[b]] ? 1 : 0;
        sum.expected += expected;
        sum.variance += expected * (1 - expected);
        sums.set(key, sum);
      }
    }
  }
  const kept = [...sums].filter(([, { common }]) => common >= leastCommon);
  const z = kept.map(
    ([, { agreed, expected, variance }]) => (agreed - expected) / Math.sqrt(variance + 0.25),
  );
  const center = Math.max(0, median(z));
  const spread = Math.max(1, 1.4826 * median(z.map((value) => Math.abs(value - center))));
  return kept.map(([key, { common, agreed, expected }], i) => ({
    raters: [Math.floor(key / votes.raters.length), key % votes.raters.length] as const,
    ...{ common, agreed, expected },
    p: 1 - normalCdf((z[i] - center) / spread),
  }));
}

/** Benjamini and Hochberg: the pairs up to the last whose p is at most rank * rate / count. */
function discoveries(pairs: readonly ColludingPair[], rate: number): ColludingPair[] {
  const sorted = [...pairs].sort((a, b) => a.p - b.p);
  let last = -1;
  for (const [i, { p }] of sorted.entries()) if (p <= (rate * (i + 1)) / sorted.length) last = i;
  return sorted.slice(0, last + 1);
}

/** Connected raters, groups of at least three, the largest first. */
function components(pairs: readonly ColludingPair[]): number[][] {
  const neighbours = new Map<number, number[]>();
  for (const { raters } of pairs)
    for (const [from, to] of [raters, [raters[1], raters[0]]])
      neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
  const seen = new Set<number>();
  const groups: number[][] = [];
  for (const start of neighbours.keys()) {
    if (seen.has(start)) continue;
    const group: number[] = [];
    const open = [start];
    seen.add(start);
    for (let rater = open.pop(); rater !== undefined; rater = open.pop()) {
      group.push(rater);
      for (const next of neighbours.get(rater) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        open.push(next);
      }
    }
    if (group.length >= SMALLEST_GROUP) groups.push(group.sort((a, b) => a - b));
  }
  return groups.sort((a, b) => b.length - a.length);
}

function votesByItem({ items, item }: LabelVotes): number[][] {
  const lists = items.map((): number[] => []);
  for (let v = 0; v < item.length; v++) if (lists[item[v]].length < MOST_VOTES_READ) lists[item[v]].push(v);
  return lists;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
