import { aspectsOf } from "../judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import { raterReports } from "./raters.js";

/** Votes that the reliability of an unknown rater is worth beside a rater's own. */
const PRIOR_VOTES = 10;

/**
 * The chances with which raters answer rightly, as early stopping weighs their votes: over everything that is asked,
 *
 *     r = (sum_a n_a s_a + m r0) / (sum_a n_a + m),
 *
 * with n_a votes and skill s_a in aspect a, the project's reliability r0 of an unknown rater and m = PRIOR_VOTES: the mean of a
 * beta posterior. With the skill alone, a rater of two right votes would decide items by itself.
 *
 * @returns by rater; empty where the project does not stop early.
 */
export function reliabilities(data: ProjectData, seed = 0): Map<string, number> {
  const { settings, task } = data.project;
  const sums = new Map<string, { votes: number; right: number }>();
  for (const aspect of settings.stop === undefined ? [] : aspectsOf(task))
    for (const { rater, votes, skill } of raterReports(data, aspect, seed)) {
      const { votes: n, right } = sums.get(rater) ?? { votes: 0, right: 0 };
      sums.set(rater, { votes: n + votes, right: right + votes * skill.estimate });
    }
  const prior = settings.stop?.reliability ?? 0;
  return new Map(
    [...sums].map(([rater, { votes, right }]) => [
      rater,
      (right + PRIOR_VOTES * prior) / (votes + PRIOR_VOTES),
    ]),
  );
}
