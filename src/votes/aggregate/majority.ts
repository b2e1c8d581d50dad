import type { LabelVotes } from "../votes.js";
import { confusions, type LabelEstimate, likeliest, voteShares } from "./label-estimate.js";

/** Majority vote: the posterior is the share of an item's votes. */
export function majority(votes: LabelVotes): LabelEstimate {
  const posterior = voteShares(votes);
  return { posterior, confusion: confusions(votes, posterior, 0) };
}

/**
 * Worker agreement with aggregate: votes are weighted by how often their rater agrees with the majority, and counted
 * again (Appen's rule, as crowd-kit describes it).
 */
export function wawa(votes: LabelVotes): LabelEstimate {
  const K = votes.labels.length;
  const winner = likeliest(voteShares(votes), K);
  const agreed = new Float64Array(votes.raters.length);
  const count = new Float64Array(votes.raters.length);
  for (let v = 0; v < votes.item.length; v++) {
    count[votes.rater[v]]++;
    if (winner[votes.item[v]] === votes.label[v]) agreed[votes.rater[v]]++;
  }
  const skill = agreed.map((n, w) => n / Math.max(1, count[w]));
  const weight = Float64Array.from(votes.rater, (w) => skill[w]);
  const posterior = voteShares(votes, weight);
  return { posterior, confusion: confusions(votes, posterior, 0) };
}
