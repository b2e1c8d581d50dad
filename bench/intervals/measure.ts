/**
 * Measures how often intervals contain the truth: data sets are drawn from a known population, and hits are counted.
 */
import { RandomStream } from "../../src/base/random.js";
import type { Interval } from "../../src/statistics/estimates.js";
import { type ClusterInterval, rateInterval } from "../../src/statistics/rates.js";

/** The results of `n` draws. */
export const times = <T>(n: number, draw: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => draw(i));

/** An interval of one data set, and the value that it should contain. */
export interface Claim {
  interval: Pick<Interval, "low" | "high" | "caution">;
  truth: number;
}

/** A population, how data are drawn from it, and the interval that is used for such data. */
export interface Design {
  /** Description of the data. */
  data: string;
  /** Where figures of such data are shown. */
  used: string;
  interval: string;
  /** Number of independent units in one data set. */
  n: string;
  /**
   * The coverage that is required, for a nominal 95%:
   * - nominal: 93 to 97%
   * - wide: at least 93%; more than 97% where counts are few or it is not known how far members of a cluster agree
   * - short: under 93%, and every interval that misses says so in `caution`
   * - replaced: what was used before, for comparison; nothing is promised
   */
  promise: "nominal" | "wide" | "short" | "replaced";
  /** Data and interval are symmetric: each end must miss between 1 and 4%. */
  symmetric?: boolean;
  /** Part of `npm test`. */
  quick?: boolean;
  /** Only one trial in this many is drawn, for intervals that take long. */
  every?: number;
  /** Claims of one data set, which are not independent of each other; none if the figure is not defined. */
  trial(random: RandomStream): Claim[];
}

export interface Coverage {
  /** Share of claims whose interval contains the truth, with its own interval over trials. */
  held: ClusterInterval;
  /** Share of claims whose truth lies below the interval, and above it. */
  below: number;
  above: number;
  trials: number;
  /** Share of claims whose interval misses the truth and carries no caution. */
  silent: number;
}

/** @param seed of the draws: trial t of a design draws from a stream named by the seed, the data and t. */
export function measureCoverage(design: Design, trials: number, seed: number): Coverage {
  const drawn = Math.ceil(trials / (design.every ?? 1));
  const claims = Array.from({ length: drawn }, (_, t) =>
    design.trial(new RandomStream(seed, `coverage/${design.data}`, t)),
  ).filter(({ length }) => length > 0);
  const share = (holds: (claim: Claim) => boolean): number => {
    const all = claims.flat();
    return all.filter(holds).length / all.length;
  };
  return {
    held: rateInterval(
      claims.map((own) =>
        own.map(({ interval: { low, high }, truth }) => (low <= truth && truth <= high ? 1 : 0)),
      ),
    ),
    below: share(({ interval, truth }) => truth < interval.low),
    above: share(({ interval, truth }) => truth > interval.high),
    trials: claims.length,
    silent: share(
      ({ interval: { low, high, caution }, truth }) =>
        !(low <= truth && truth <= high) && caution === undefined,
    ),
  };
}

/** How a coverage breaks its design's promise; undefined if it does not. */
export function brokenPromise({ promise, symmetric }: Design, coverage: Coverage): string | undefined {
  const held = coverage.held.estimate;
  const percent = `${(100 * held).toFixed(2)}% of ${coverage.held.n}`;
  if (promise === "replaced") return undefined;
  if (promise === "short") {
    if (held >= 0.93) return `${percent}: it covers`;
    return coverage.silent > 0 ? `${percent}, without a caution` : undefined;
  }
  if (!(held >= 0.93)) return `${percent}: too narrow`;
  if (promise === "nominal" && held > 0.97) return `${percent}: too wide`;
  const sides = [coverage.below, coverage.above];
  if (symmetric && sides.some((side) => side < 0.01 || side > 0.04))
    return `${percent}, misses ${sides.join(" and ")}`;
  return undefined;
}
