/**
 * Bootstrap intervals, bias-corrected and accelerated (Efron 1987, "Better bootstrap confidence intervals"; Efron and
 * Tibshirani 1993, chapter 14). Seeded: the same data and seed give the same interval.
 */
import { RandomStream } from "../random.js";
import { type Interval, mean } from "./estimates.js";
import { normalCdf, normalQuantile } from "./normal.js";

export interface BootstrapOptions {
  seed?: number;
  resamples?: number;
  confidence?: number;
}

/** A figure of several independent samples, such as the difference of two means. */
export type Statistic = (samples: readonly (readonly number[])[]) => number;

/** Interval of a sample's mean. For paired samples, give the differences. */
export function bootstrapMean(values: readonly number[], options: BootstrapOptions = {}): Interval {
  return bootstrap([values], ([sample]) => mean(sample), options);
}

/** Interval of mean(a) - mean(b) for independent samples. */
export function bootstrapDifference(
  a: readonly number[],
  b: readonly number[],
  options: BootstrapOptions = {},
): Interval {
  return bootstrap([a, b], ([x, y]) => mean(x) - mean(y), options);
}

/**
 * BCa interval of any statistic; every sample is drawn from with replacement, apart from the others. For correlations,
 * give one sample of indices and let the statistic look the pairs up.
 *
 * With bias z0 = Phi^-1(share of resamples below the estimate) and acceleration a from the jackknife,
 * an end of the interval is the resamples' quantile at Phi(z0 + (z0 + z) / (1 - a (z0 + z))).
 */
export function bootstrap(
  samples: readonly (readonly number[])[],
  statistic: Statistic,
  { seed = 0, resamples = 2000, confidence = 0.95 }: BootstrapOptions = {},
): Interval {
  if (samples.some((sample) => sample.length === 0)) throw new RangeError("bootstrap of an empty sample");
  const estimate = statistic(samples);
  const random = new RandomStream(seed, "evaluate/bootstrap");
  const draws = Float64Array.from({ length: resamples }, () =>
    statistic(samples.map((sample) => sample.map(() => sample[random.int(sample.length)]))),
  ).sort();
  if (draws[0] === draws[resamples - 1]) return { estimate, low: draws[0], high: draws[0] };
  const z0 = normalQuantile(shareBelow(draws, estimate));
  const a = acceleration(samples, statistic);
  const end = (p: number) => {
    const z = z0 + normalQuantile(p);
    return quantile(draws, normalCdf(z0 + z / (1 - a * z)));
  };
  return { estimate, low: end((1 - confidence) / 2), high: end((1 + confidence) / 2) };
}

/** Share of draws below the estimate, equal ones counting half, kept off 0 and 1. */
function shareBelow(draws: Float64Array, estimate: number): number {
  let below = 0;
  for (const draw of draws) below += draw < estimate ? 1 : draw === estimate ? 0.5 : 0;
  return Math.min(draws.length - 0.5, Math.max(0.5, below)) / draws.length;
}

/** Skewness of the statistic, from leaving out one value at a time of each sample. */
function acceleration(samples: readonly (readonly number[])[], statistic: Statistic): number {
  let [cubes, squares] = [0, 0];
  for (const [s, sample] of samples.entries()) {
    if (sample.length < 2) continue;
    const without = sample.map((_, left) =>
      statistic(samples.map((other, o) => (o === s ? other.filter((_value, i) => i !== left) : other))),
    );
    const center = mean(without);
    for (const value of without) {
      const influence = (center - value) * ((sample.length - 1) / sample.length);
      cubes += influence ** 3;
      squares += influence ** 2;
    }
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

/** Quantile of sorted values, linear between neighbours. */
function quantile(sorted: Float64Array, p: number): number {
  const at = Math.min(sorted.length - 1, Math.max(0, p * (sorted.length - 1)));
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
