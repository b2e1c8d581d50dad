/**
 * Turns the worth of responses to a rater into an answer for each kind of task. Each response's worth gets its own
 * Gumbel noise of scale T (temperature), so the left of two is preferred with probability sigmoid((u_left - u_right) /
 * T), and rankings follow the Plackett-Luce model.
 */
import type { RandomStream } from "../../base/random.js";
import type { Answer, Preference, TaskDefinition } from "../tasks/index.js";

/** Perceived worth of each response by aspect: `worth[aspect][place]`. */
export type Worth = ReadonlyMap<string, readonly number[]>;

/** Smaller perceived differences, in units of gold utility, are ties. */
const TIE = 0.1;
/** If both responses are worth less than this, the verdict is "both-bad". */
const BAD = -3;
/** Difference in worth per degree of strength. */
const STRENGTH = 1;
/** Worth per point of a five-point Likert scale. */
const POINT = 0.8;

export const gumbel = (random: RandomStream): number => -Math.log(-Math.log(random.uniform() || 2 ** -33));

/** A comparison: the side follows the sign of the difference; a small difference is a tie. */
export function comparison(worth: Worth, task: TaskDefinition): Answer {
  const aspects = [...worth].map(([name, [left, right]]): [string, Preference] => {
    const difference = left - right;
    if (Math.max(left, right) < BAD) return [name, { verdict: "both-bad" }];
    if (Math.abs(difference) < TIE) return [name, { verdict: "tie" }];
    const strength = Math.min(task.strengths, 1 + Math.floor(Math.abs(difference) / STRENGTH));
    return [name, { verdict: difference > 0 ? "left" : "right", ...(task.strengths > 1 && { strength }) }];
  });
  return { kind: "pairwise", aspects: Object.fromEntries(aspects), flags: [] };
}

/** A ranking by the first aspect; neighbours that differ by less than a tie share a rank. */
export function ranking(worth: Worth): Answer {
  const [values] = worth.values();
  const order = [...values.keys()].sort((a, b) => values[b] - values[a]);
  const ranks = new Array<number>(values.length);
  for (const [i, at] of order.entries()) {
    const before = order[i - 1];
    ranks[at] = i > 0 && values[before] - values[at] < TIE ? ranks[before] : i + 1;
  }
  return { kind: "ranking", ranks, flags: [] };
}

/** Points around the middle of the scale. */
export function ratings(worth: Worth, { scale }: TaskDefinition): Answer {
  const middle = (scale + 1) / 2;
  const points = (value: number) =>
    Math.min(scale, Math.max(1, Math.round(middle + ((value / POINT) * (scale - 1)) / 4)));
  const places = [...worth.values()][0].length;
  const rated = Array.from({ length: places }, (_, place) =>
    Object.fromEntries([...worth].map(([name, values]) => [name, points(values[place])])),
  );
  return { kind: "likert", ratings: rated, flags: [] };
}
