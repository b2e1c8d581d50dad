import { comparedPairs, sideVotes } from "../aggregate/compared-pairs.js";
import type { RatedVotes } from "../agreement/index.js";
import type { VoteFile } from "./vote-file.js";

/** Ranks of left, right and tie in the order left, tie, right. */
const SIDE_ORDER = [0, 2, 1];

/**
 * Converts the votes of a file or a project to the form that agreement measures read: labels of items, or left, tie and
 * right for pairs. Battles are about prompts that the file does not name: each is a unit of its own.
 */
export function ratedVotes({
  votes,
  group,
  time,
  battles = 0,
}: Pick<VoteFile, "votes" | "group" | "time" | "battles">): RatedVotes {
  if (votes.kind === "pairs") {
    const { comparisons } = votes;
    const pairs = comparedPairs(comparisons);
    const { votes: sides } = sideVotes(comparisons, pairs, true);
    return {
      units: battles > 0 ? sides.item.length : sides.items.length,
      // Without named items all pairs have the same item, which is not a cluster.
      cluster: comparisons.items.length > 1 ? pairs.item : undefined,
      values: ["left", "tie", "right"],
      unit: battles > 0 ? Int32Array.from(sides.item.keys()) : sides.item,
      value: sides.label.map((side) => SIDE_ORDER[side]),
      rater: sides.rater,
      ordered: true,
      group,
      time,
    };
  }
  const { items, labels, item, label, rater } = votes.labels;
  const numbers = labels.map((name) => (name.trim() === "" ? Number.NaN : Number(name)));
  const common = { units: items.length, unit: item, rater, group, time };
  if (!numbers.every(Number.isFinite)) return { ...common, values: labels, value: label, ordered: false };
  const order = numbers.map((_, c) => c).sort((a, b) => numbers[a] - numbers[b]);
  const rank = new Int32Array(labels.length);
  for (const [at, c] of order.entries()) rank[c] = at;
  return {
    ...common,
    values: order.map((c) => labels[c]),
    value: label.map((c) => rank[c]),
    ordered: true,
    numbers: Float64Array.from(order, (c) => numbers[c]),
  };
}
