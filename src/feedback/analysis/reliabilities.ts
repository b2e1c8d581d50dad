import { aspectsOf } from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import { raterReports } from "./raters.js";

/** Weight of an unknown rater's reliability, in votes, next to a rater's own votes. */
const PRIOR_VOTES = 10;

/**
 * Each rater's probability of a correct answer, by which early stopping weighs votes. Over all aspects,
 *
 *     r = (sum_a n_a s_a + m r0) / (sum_a n_a + m),
 *
 * with n_a votes and skill s_a in aspect a, the project's reliability r0 of an unknown rater and m = PRIOR_VOTES. This
 * is the mean of a beta posterior. With the skill alone, a rater with two right votes could decide items alone.
 *
 * @returns probabilities by rater; empty if the project has no early stopping.
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
