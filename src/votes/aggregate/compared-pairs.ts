import type { Comparisons, LabelVotes } from "../votes.js";

/** The P compared pairs, each with its sides as in its first vote. */
export interface ComparedPairs {
  /** [P], in [0, C). */
  left: Int32Array;
  /** [P], in [0, C). */
  right: Int32Array;
  /** [P], in [0, items). */
  item: Int32Array;
  /** Pair of each vote, [V]. */
  pair: Int32Array;
  /** 1 if a vote was cast with the pair's sides swapped, else 0, [V]. */
  flipped: Uint8Array;
}

export function comparedPairs({ item, left, right }: Comparisons): ComparedPairs {
  const known = new Map<string, number>();
  const [lefts, rights, items]: number[][] = [[], [], []];
  const pair = new Int32Array(left.length);
  const flipped = new Uint8Array(left.length);
  for (let v = 0; v < left.length; v++) {
    const [a, b] = left[v] < right[v] ? [left[v], right[v]] : [right[v], left[v]];
    const key = `${item[v]} ${a} ${b}`;
    let p = known.get(key);
    if (p === undefined) {
      p = lefts.push(left[v]) - 1;
      rights.push(right[v]);
      items.push(item[v]);
      known.set(key, p);
    }
    pair[v] = p;
    flipped[v] = lefts[p] === left[v] ? 0 : 1;
  }
  return {
    left: Int32Array.from(lefts),
    right: Int32Array.from(rights),
    item: Int32Array.from(items),
    pair,
    flipped,
  };
}

const SIDES = ["left", "right", "tie"];

/**
 * The same votes as labels of pairs: left, right and tie, in terms of the pair's sides. The strength of a vote is
 * ignored.
 *
 * @param ties whether to keep ties. @returns the votes, and the index of each vote's comparison.
 */
export function sideVotes(
  { raters, outcome, rater }: Comparisons,
  { left, pair, flipped }: ComparedPairs,
  ties: boolean,
): { votes: LabelVotes; from: Int32Array } {
  const from = Int32Array.from(outcome.keys()).filter((v) => ties || outcome[v] !== 0.5);
  const sideOf = (v: number): number => {
    if (outcome[v] === 0.5) return 2;
    return outcome[v] > 0.5 === (flipped[v] === 0) ? 0 : 1;
  };
  const votes = {
    items: Array.from(left, (_, p) => String(p)),
    raters,
    labels: ties && from.some((v) => outcome[v] === 0.5) ? SIDES : SIDES.slice(0, 2),
    item: from.map((v) => pair[v]),
    rater: from.map((v) => rater[v]),
    label: from.map(sideOf),
  };
  return { votes, from };
}
