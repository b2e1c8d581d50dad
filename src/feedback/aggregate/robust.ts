/**
 * The default: Dawid-Skene without the votes of colluding groups. A rater in a group is reported, with the pairs that speak for
 * it; its votes stay in the data and can be let in again.
 */
import type { LabelVotes } from "../votes.js";
import { type ColludingPair, type CollusionOptions, colludingGroups } from "./collusion.js";
import { dawidSkene } from "./dawid-skene.js";
import { confusions, type LabelEstimate } from "./label-estimate.js";

export interface RobustEstimate extends LabelEstimate {
  groups: number[][];
  pairs: ColludingPair[];
}

export function robust(votes: LabelVotes, options: CollusionOptions = {}): RobustEstimate {
  const { groups, pairs } = colludingGroups(votes, options);
  const flagged = new Set(groups.flat());
  const weight = Float64Array.from(votes.rater, (rater) => (flagged.has(rater) ? 0 : 1));
  const { posterior } = dawidSkene(votes, { weight });
  return { posterior, confusion: confusions(votes, posterior, 0), groups, pairs };
}
