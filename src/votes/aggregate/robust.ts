/**
 * The default method for labels: Dawid-Skene without the votes of colluding groups, with known labels as evidence of
 * how raters err, and optionally with a bound on each rater's share of the weight. The groups' votes stay in the data
 * but have no influence on the truths.
 */
import type { LabelVotes } from "../votes.js";
import { type CollusionOptions, colludingGroups } from "./collusion.js";
import { dawidSkene } from "./dawid-skene.js";
import { confusions, type LabelEstimate } from "./label-estimate.js";
import type { GroupMember } from "./ring.js";
import { cappedWeights } from "./weight-cap.js";

export interface RobustEstimate extends LabelEstimate {
  groups: GroupMember[][];
  /**
   * Weight of each vote, [V]: 0 for members of a group, less than 1 for a rater whose share was reduced to `maxShare`.
   */
  weight: Float64Array;
}

/** Added to each count of a confusion, so that a rater with few votes never counts as infallible. */
const PSEUDO = 0.01;

export interface RobustOptions extends CollusionOptions {
  /** Largest share of the total weight that one rater may have, in (0, 1]; 1 means no bound. */
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
