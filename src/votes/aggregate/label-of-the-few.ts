/**
 * Whether a label is one that few raters see. Where a minority gives a label to items to which the others give another,
 * the votes are as likely if the few know it and the many miss it as if the few see what is not there; rates and
 * confusions take them for experts, since that explains more. Without a reason to believe either, the many are not
 * outvoted by whom none of them supports.
 */
import type { LabelVotes } from "../votes.js";

/** Who is right on a label more often than not casts fewer of the votes than this. */
const FEW = 0.4;
/**
 * How much more often than the others the few are right on it, and than they say it of what is something else: raters who
 * all miss half of a label are no few, nor are those who always say it.
 */
const APART = 0.3;

/** @param confusion of each rater, [W, K, K]. @param weight of each vote, [V]. */
export function isLabelOfTheFew(
  { labels, rater, raters }: LabelVotes,
  confusion: Float64Array,
  weight: Float64Array,
): boolean {
  const K = labels.length;
  const cast = new Float64Array(raters.length);
  for (const [v, w] of rater.entries()) cast[w] += weight[v];
  return labels.some((_, c) => {
    const [few, many] = [
      { votes: 0, right: 0, wrong: 0 },
      { votes: 0, right: 0, wrong: 0 },
    ];
    for (let w = 0; w < cast.length; w++) {
      const right = confusion[(w * K + c) * K + c];
      const group = right >= 0.5 ? few : many;
      group.votes += cast[w];
      group.right += cast[w] * right;
      for (let t = 0; t < K; t++)
        if (t !== c) group.wrong += (cast[w] * confusion[(w * K + t) * K + c]) / (K - 1);
    }
    return (
      few.votes > 0 &&
      few.votes < FEW * (few.votes + many.votes) &&
      few.right / few.votes - many.right / many.votes >= APART &&
      (few.right - few.wrong) / few.votes >= APART
    );
  });
}
