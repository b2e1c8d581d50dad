/**
 * Intervals hold the truth as often as they say, in the designs in which they are used; `npm run check:coverage`
 * measures all designs, longer (docs/results/intervals.md).
 *
 * With 2,000 trials the measured coverage of a true 95% varies by 0.49 points (one standard deviation), so that it
 * leaves 93 to 97% once in twenty thousand seeds; an interval that truly covers 91% stays inside once in a thousand,
 * one of 92% once in twenty. The seed is fixed.
 */
import { describe, expect, it } from "vitest";
import { CHECKPOINTS } from "../bench/intervals/checkpoints.js";
import { FEEDBACK } from "../bench/intervals/feedback.js";
import { MEANS } from "../bench/intervals/means.js";
import { brokenPromise, type Design, measureCoverage } from "../bench/intervals/measure.js";
import { RATES } from "../bench/intervals/rates.js";
import { mean } from "../src/statistics/estimates.js";
import { meanInterval, studentInterval } from "../src/statistics/means.js";
import { rateInterval } from "../src/statistics/rates.js";

const TRIALS = 2000;
const SEED = 14;
const ALL = [...MEANS, ...CHECKPOINTS, ...RATES, ...FEEDBACK];

describe("95% intervals", () => {
  it.each(
    ALL.filter(({ quick }) => quick).map((design) => [`${design.interval}: ${design.data}`, design] as const),
  )("%s", (_name, design) => {
    expect(brokenPromise(design, measureCoverage(design, TRIALS, SEED))).toBeUndefined();
  });
});

describe("the measurement", () => {
  const broken = (design: Design) => brokenPromise(design, measureCoverage(design, TRIALS, SEED));
  const find = (text: string): Design => {
    const found = ALL.filter(
      ({ data, promise }) => `${data} `.startsWith(`${text} `) && promise !== "replaced",
    );
    expect(found).toHaveLength(1);
    return found[0];
  };
  const changed = (text: string, change: (interval: { low: number; high: number }) => object): Design => {
    const design = find(text);
    return {
      ...design,
      trial: (random) =>
        design
          .trial(random)
          .map(({ interval, truth }) => ({ interval: { ...interval, ...change(interval) }, truth })),
    };
  };

  it("fails intervals that are one-sided, turned round, too narrow, or too wide", () => {
    const seeds = "5 seeds, each a mean";
    expect(broken(changed(seeds, () => ({ low: Number.NEGATIVE_INFINITY })))).toMatch(/too wide/);
    expect(broken(changed(seeds, ({ low, high }) => ({ low: high, high: low })))).toMatch(/too narrow/);
    // The normal's quantile for Student's with 4 degrees of freedom.
    const scaled = (by: number) =>
      changed(seeds, ({ low, high }) => {
        const [middle, half] = [(low + high) / 2, ((high - low) / 2) * by];
        return { low: middle - half, high: middle + half };
      });
    expect(broken(scaled(1.96 / 2.776))).toMatch(/too narrow/);
    expect(broken(scaled(1.3))).toMatch(/too wide/);
    // Both ends of a 95% one-sided interval: misses are on one side alone.
    expect(
      broken(
        changed(seeds, ({ low, high }) => ({ low: low + 0.08 * (high - low), high: high + (high - low) })),
      ),
    ).toMatch(/misses/);
  });

  it("fails a rate whose clusters are ignored, and a mean that takes responses for prompts", () => {
    const votes = find("share of votes right, 200 pairs with");
    const ungrouped: Design = {
      ...votes,
      trial: (random) => {
        const pairs = Array.from({ length: 200 }, () => {
          const p = random.choice([0.55, 0.7, 0.85, 0.95]);
          return Array.from({ length: 9 }, () => (random.uniform() < p ? 1 : 0));
        });
        return [{ interval: rateInterval(pairs.flat().map((vote) => [vote])), truth: 0.7625 }];
      },
    };
    expect(broken(ungrouped)).toMatch(/too narrow/);
    const flat: Design = {
      ...find("gold utility, 70 prompts with"),
      trial: (random) => {
        const prompts = Array.from({ length: 70 }, () => random.normal());
        return [
          {
            interval: meanInterval(prompts.flatMap((x) => [0, 1, 2, 3].map(() => x + 0.3 * random.normal()))),
            truth: 0,
          },
        ];
      },
    };
    expect(broken(flat)).toMatch(/too narrow/);
  });

  it("fails a paired design that is taken for an unpaired one", () => {
    const design = find("difference of two methods with the same 10 seeds");
    const unpaired: Design = {
      ...design,
      trial: (random) => {
        const shared = Array.from({ length: 10 }, () => random.normal());
        const [a, b] = [0, 0].map(() => shared.map((x) => x + 0.2 * random.normal()));
        const [x, y] = [studentInterval(a), studentInterval(b)];
        const half = Math.hypot(x.high - x.low, y.high - y.low) / 2;
        const middle = mean(a) - mean(b);
        return [{ interval: { low: middle - half, high: middle + half }, truth: 0 }];
      },
    };
    expect(broken(unpaired)).toMatch(/too wide/);
  });

  it("asks a caution of intervals that are known not to cover", () => {
    expect(
      broken(changed("8 independent values, lognormal, sigma 1", () => ({ caution: undefined }))),
    ).toMatch(/without a caution/);
  });

  it("is of every interval, with a promise for each", () => {
    expect(new Set(ALL.map(({ data, interval }) => `${data} ${interval}`)).size).toBe(ALL.length);
    expect(ALL.filter(({ quick }) => quick).length).toBeGreaterThan(25);
  });
});
