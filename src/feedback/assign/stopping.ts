/**
 * Decides when enough raters have judged an item: Wald's sequential probability ratio test (1945, "Sequential tests of
 * statistical hypotheses") with raters of different reliability, in its Bayesian form.
 *
 * A question has two answers, equally likely before any vote. Rater j answers correctly with probability r_j,
 * independently given the truth. After votes s_j = +1 or -1, with 0 for a tie, which carries no information,
 *
 *     L = sum_j s_j log(r_j / (1 - r_j)),    P(+1 | votes) = 1 / (1 + e^-L)
 *
 * and asking stops once the larger of P and 1 - P is at least a bound p. If the r_j are correct, the posterior is
 * calibrated for any stopping rule, so at most a share 1 - p of the decided items is decided wrongly. Reliabilities
 * that are too high break this guarantee, so they are clamped to [1/2, MAX_RELIABLE].
 */
import type { Answer } from "../../votes/tasks/index.js";

/** Upper bound of a reliability: no rater decides an item alone if p is above this. */
export const MAX_RELIABLE = 0.95;

export interface StoppingRule {
  /** The bound p, in (1/2, 1). */
  probability: number;
  leastVotes: number;
}

export interface SignedVote {
  /** 1 or -1 for the two answers of the question, 0 for a tie. */
  sign: number;
  /** The probability r_j of a correct answer. */
  reliability: number;
}

/** P(+1 | votes). */
export function posterior(votes: readonly SignedVote[]): number {
  let logOdds = 0;
  for (const { sign, reliability } of votes) {
    const r = Math.min(MAX_RELIABLE, Math.max(0.5, reliability));
    logOdds += sign * Math.log(r / (1 - r));
  }
  return 1 / (1 + Math.exp(-logOdds));
}

/** Whether asking about a question may stop. */
export function isDecided(votes: readonly SignedVote[], { probability, leastVotes }: StoppingRule): boolean {
  if (votes.length < leastVotes) return false;
  const p = posterior(votes);
  return Math.max(p, 1 - p) >= probability;
}

/**
 * An answer's signs by question: for a comparison, each aspect (1: the first response is better); for a safety label,
 * whether the response is safe. Undefined for kinds of tasks without two-sided questions.
 */
export function signsOf(answer: Answer): Record<string, number> | undefined {
  switch (answer.kind) {
    case "pairwise": {
      const sign = { left: 1, right: -1, tie: 0, "both-bad": 0 };
      return Object.fromEntries(
        Object.entries(answer.aspects).map(([aspect, { verdict }]) => [aspect, sign[verdict]]),
      );
    }
    case "safety":
      return { safe: answer.safe ? 1 : -1 };
    case "ranking":
    case "likert":
    case "demonstration":
    case "rewrite":
      return undefined;
    default:
      return answer satisfies never;
  }
}
