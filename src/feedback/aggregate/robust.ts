/**
 * The default: Dawid-Skene without the votes of colluding groups. Their votes stay in the data and can be let in again; they
 * have no part in the truths.
 */
import type { LabelVotes } from "../votes.js";
import { type CollusionOptions, colludingGroups, type GroupMember } from "./collusion.js";
import { dawidSkene } from "./dawid-skene.js";
import { confusions, type LabelEstimate } from "./label-estimate.js";

export interface RobustEstimate extends LabelEstimate {
  groups: GroupMember[][];
  /** Of each vote, [V]: 0 for those of a group. */
  weight: Float64Array;
}

/** Added to each count of a confusion, so that a rater with few votes is never held to be infallible. */
const PSEUDO = 0.01;

export function robust(votes: LabelVotes, options: CollusionOptions = {}): RobustEstimate {
  const groups = colludingGroups(votes, options);
  const colluding = new Set(groups.flat().map(({ rater }) => rater));
  const weight = Float64Array.from(votes.rater, (rater) => (colluding.has(rater) ? 0 : 1));
  const { posterior } = dawidSkene(votes, { weight, pseudo: PSEUDO });
  return { posterior, confusion: confusions(votes, posterior, PSEUDO), groups, weight };
}
