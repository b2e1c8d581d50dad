/**
 * Plackett-Luce for rankings (Luce 1959; Plackett 1975): the best is chosen among all, P(i) = p_i / sum p, then the
 * best of the rest, and so on. Fitted by the MM algorithm (Hunter 2004, section 5), with the Gamma prior of
 * `bradley-terry.ts`:
 *
 *   p_i <- (a - 1 + c_i) / (b + sum over choices with i among the candidates of 1 / sum p),   c_i how often i was chosen.
 *
 * Equal ranks count as one choice each from the same candidates (Breslow's treatment of ties). The last rank is not a
 * choice.
 */
import type { MmOptions } from "./bradley-terry.js";
import { WEAK_PRIOR } from "./bradley-terry.js";
import { centre, type ScoreEstimate, withIntervals } from "./score-estimate.js";

/** A ranking: candidates [k] and their ranks [k], where 1 is the best; equal ranks are ties. */
export interface Ranking {
  candidates: readonly number[];
  ranks: readonly number[];
}

/** The candidates `chosen` at one rank from those in `among`. */
interface Choice {
  among: number[];
  chosen: number[];
}

export function plackettLuce(
  rankings: readonly Ranking[],
  candidates: number,
  { prior = WEAK_PRIOR, iterations = 10_000, tolerance = 1e-9 }: MmOptions = {},
): ScoreEstimate {
  const choices = rankings.flatMap(choicesOf);
  const wins = new Float64Array(candidates).fill(prior.shape - 1);
  for (const { chosen } of choices) for (const i of chosen) wins[i]++;
  let p: Float64Array = new Float64Array(candidates).fill(1);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const rates = new Float64Array(candidates).fill(prior.rate);
    for (const { among, chosen } of choices) {
      const rate = chosen.length / among.reduce((sum, i) => sum + p[i], 0);
      for (const i of among) rates[i] += rate;
    }
    const next: Float64Array = p.map((value, i) => (rates[i] > 0 ? wins[i] / rates[i] : value));
    const moved = next.reduce((most, value, i) => Math.max(most, Math.abs(Math.log(value / p[i]))), 0);
    p = next;
    if (moved < tolerance) break;
  }
  return withIntervals(
    centre(p.map(Math.log)),
    choices.flatMap((choice) => informationOf(choice, p)),
    p.map((value) => prior.rate * value),
  );
}

function choicesOf({ candidates, ranks }: Ranking): Choice[] {
  const steps = [...new Set(ranks)].sort((a, b) => a - b).slice(0, -1);
  return steps.map((rank) => ({
    among: candidates.filter((_, k) => ranks[k] >= rank),
    chosen: candidates.filter((_, k) => ranks[k] === rank),
  }));
}

/**
 * A choice's contribution to the information: d (diag(q) - q q') with choice probabilities q and d candidates chosen.
 */
function informationOf({ among, chosen }: Choice, p: Float64Array) {
  const total = among.reduce((sum, i) => sum + p[i], 0);
  const edges: { a: number; b: number; information: number }[] = [];
  for (const [k, a] of among.entries())
    for (const b of among.slice(k + 1))
      edges.push({ a, b, information: (chosen.length * p[a] * p[b]) / total ** 2 });
  return edges;
}
