/**
 * The raters who agree most among each other, beyond what is expected, as one group: for rings whose pairs of members
 * share too few items to stand out one by one. The entries of the first eigenvector of the matrix of z order the raters
 * (a planted block shows in it before any of its entries does; Alon, Krivelevich and Sudakov 1998); of the first k in
 * that order those are taken whose pairs' z, summed and divided by the root of their number, is greatest.
 */
import { upperMedian } from "../../statistics/median.js";

const POWER_STEPS = 60;
/** A pair's z counts at most this much, so that two raters alone are no group. */
const MAX_Z = 4;
/** Smallest sum of z over the root of the number of pairs. */
const MIN_SUM = 4;

interface RaterPairs {
  first: readonly number[];
  second: readonly number[];
  z: Float64Array;
}

/** @returns the members; none if no group of at least `least` raters, and at most half of all, stands out. */
export function denseGroup({ first, second, z }: RaterPairs, raters: number, least: number): number[] {
  const centre = upperMedian(z);
  const excess = z.map((score) => Math.max(-MAX_Z, Math.min(MAX_Z, score - centre)));
  // 1. The first eigenvector, by power iteration. The shift makes its eigenvalue the largest in size.
  let shift = 0;
  for (const value of excess) shift += value * value;
  shift = (2 * Math.sqrt(shift)) / Math.sqrt(Math.max(1, raters));
  let vector = new Float64Array(raters).fill(1);
  for (let step = 0; step < POWER_STEPS; step++) {
    const next = vector.map((value) => shift * value);
    for (let i = 0; i < excess.length; i++) {
      next[first[i]] += excess[i] * vector[second[i]];
      next[second[i]] += excess[i] * vector[first[i]];
    }
    const norm = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0));
    if (!(norm > 0)) return [];
    vector = next.map((value) => value / norm);
  }
  const best = [vector, vector.map((value) => -value)].map((way) =>
    densest(way, { first, second, z: excess }, raters, least),
  );
  return best.reduce((a, b) => (b.sum > a.sum ? b : a)).members;
}

function densest(
  vector: Float64Array,
  { first, second, z }: RaterPairs,
  raters: number,
  least: number,
): { sum: number; members: number[] } {
  const order = Array.from(vector.keys()).sort((a, b) => vector[b] - vector[a] || a - b);
  const place = new Int32Array(raters);
  for (const [at, rater] of order.entries()) place[rater] = at;
  // 2. A pair is inside from the size on at which its later member is.
  const [sums, counts] = [new Float64Array(raters), new Float64Array(raters)];
  for (let i = 0; i < z.length; i++) {
    const later = Math.max(place[first[i]], place[second[i]]);
    sums[later] += z[i];
    counts[later]++;
  }
  let [total, pairs, top, size] = [0, 0, MIN_SUM, 0];
  for (let k = 0; k < Math.floor(raters / 2); k++) {
    total += sums[k];
    pairs += counts[k];
    if (k + 1 < least || pairs === 0 || total / Math.sqrt(pairs) <= top) continue;
    top = total / Math.sqrt(pairs);
    size = k + 1;
  }
  return { sum: top, members: order.slice(0, size) };
}
