/**
 * The default: Dawid-Skene without the votes of colluding groups, if asked with no rater above a share of the whole weight, with known
 * labels as evidence of how raters err. Votes of groups stay in the data and can be let in again; they
 * have no part in the truths.
 */
import type { LabelVotes } from "../votes.js";
import { type CollusionOptions, colludingGroups } from "./collusion.js";
import { dawidSkene } from "./dawid-skene.js";
import { confusions, type LabelEstimate } from "./label-estimate.js";
import type { GroupMember } from "./ring.js";
import { cappedWeights } from "./weight-cap.js";

export interface RobustEstimate extends LabelEstimate {
  groups: GroupMember[][];
  /** Of each vote, [V]: 0 for those of a group, less than 1 for those of a rater with a large share of all. */
  weight: Float64Array;
}

/** Added to each count of a confusion, so that a rater with few votes is never held to be infallible. */
const PSEUDO = 0.01;

export interface RobustOptions extends CollusionOptions {
  /** Most of the whole weight that one rater may have, in (0, 1]; 1 is no bound. */
  maxShare?: number;
}

export function robust(votes: LabelVotes, { maxShare = 1, ...options }: RobustOptions = {}): RobustEstimate {
  const { known } = options;
  const groups = colludingGroups(votes, options);
  const colluding = new Set(groups.flat().map(({ rater }) => rater));
  const honest = Float64Array.from(votes.rater, (rater) => (colluding.has(rater) ? 0 : 1));
  const weight = cappedWeights(votes.rater, votes.raters.length, honest, maxShare);
  const { posterior } = dawidSkene(votes, { weight, pseudo: PSEUDO, known });
  return { posterior, confusion: confusions(votes, posterior, PSEUDO), groups, weight };
}
