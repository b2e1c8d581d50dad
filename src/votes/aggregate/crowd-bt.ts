/**
 * Crowd-BT (Chen et al. 2013, "Pairwise ranking aggregation in a crowdsourced setting"): with probability eta_w rater w
 * answers by the Bradley-Terry model, and otherwise gives the opposite answer, P = eta p + (1 - eta) (1 - p). EM:
 *
 *   r   = eta p / P, the chance that a vote was honest
 *   eta <- (sum r + a - 1) / (n + a + b - 2), with a Beta(a, b) prior
 *   scores by Bradley-Terry, where a vote counts r for its winner and 1 - r for the other
 *
 * eta -> 1 - eta with score -> -score is a symmetry. The prior mode of eta is above a half, so most raters are assumed
 * honest; `trusted` raters (gold answers are the votes of one) are honest for certain.
 */
import { sigmoid } from "../../statistics/special-functions.js";
import type { Comparisons } from "../votes.js";
import { bradleyTerry, strengths } from "./bradley-terry.js";
import { duelsOf, type ScoreEstimate } from "./score-estimate.js";

interface CrowdBtOptions {
  iterations?: number;
  /** Stops when no eta changes by more. */
  tolerance?: number;
  trusted?: ReadonlySet<number>;
}

const HONEST_PRIOR = { a: 4, b: 2 };
const SCORE_STEPS = 20;

/** @returns scores, and eta of each rater, [W]. */
export function crowdBt(
  { candidates, raters, left, right, rater, outcome }: Comparisons,
  { iterations = 200, tolerance = 1e-5, trusted = new Set() }: CrowdBtOptions = {},
): ScoreEstimate & { honesty: Float64Array } {
  const { a, b } = HONEST_PRIOR;
  const start = (a - 1) / (a + b - 2);
  let honesty = Float64Array.from(raters, (_, w) => (trusted.has(w) ? 1 : start));
  let p: Float64Array = new Float64Array(candidates.length).fill(1);
  let believed = Float64Array.from(outcome);
  // If some raters are trusted, the first scores use only their votes, which fixes the sign.
  let weight = trusted.size > 0 ? Float64Array.from(rater, (w) => (trusted.has(w) ? 1 : 0)) : undefined;
  for (let iteration = 0; iteration < iterations; iteration++) {
    // 1. Scores, from the votes as currently believed.
    p = strengths(duelsOf(left, right, believed, weight), p, { iterations: SCORE_STEPS });
    weight = undefined;
    // 2. Probabilities that votes are honest; a tie is half a vote for each side.
    const honest = new Float64Array(raters.length).fill(a - 1);
    const count = new Float64Array(raters.length).fill(a + b - 2);
    believed = outcome.map((o, v) => {
      const eta = honesty[rater[v]];
      const win = sigmoid(Math.log(p[left[v]]) - Math.log(p[right[v]]));
      const ifLeft = honestChance(eta, win);
      const ifRight = honestChance(eta, 1 - win);
      honest[rater[v]] += o * ifLeft + (1 - o) * ifRight;
      count[rater[v]]++;
      return o * ifLeft + (1 - o) * (1 - ifRight);
    });
    // 3. The raters' eta.
    const next = honest.map((sum, w) => (trusted.has(w) ? 1 : sum / count[w]));
    const moved = next.reduce((most, eta, w) => Math.max(most, Math.abs(eta - honesty[w])), 0);
    honesty = next;
    if (moved < tolerance) break;
  }
  return {
    ...bradleyTerry(duelsOf(left, right, believed), candidates.length),
    honesty,
  };
}

const honestChance = (eta: number, p: number): number => {
  const chance = eta * p + (1 - eta) * (1 - p);
  return chance > 0 ? (eta * p) / chance : 0.5;
};
