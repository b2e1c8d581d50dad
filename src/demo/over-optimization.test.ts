import { describe, expect, it } from "vitest";
import { RandomStream } from "../base/random.js";
import { meanInterval, pairedDifference } from "../statistics/means.js";
import { type Checkpoint, type GaoFit, gaoFit, overOptimization } from "./over-optimization.js";

const point = (estimate: number) => ({ estimate, low: estimate, high: estimate });

/** A checkpoint whose 200 prompts differ in the same way at every checkpoint, apart from noise of its own. */
function checkpoint(iteration: number, kl: number, gold: number, noise = 0.1): Checkpoint {
  const easy = new RandomStream(1, "easy");
  const own = new RandomStream(1, `own/${iteration}`);
  const goldByPrompt = Array.from({ length: 200 }, () => gold + easy.normal() + noise * own.normal());
  return {
    iteration,
    kl: point(kl),
    proxy: point(iteration),
    gold: meanInterval(goldByPrompt),
    goldByPrompt,
  };
}

describe("gaoFit", () => {
  it("finds alpha, beta and the peak of a curve of that form", () => {
    const [alpha, beta, start] = [0.9, 0.4, -0.3];
    const points = [0, 0.5, 1, 4, 9, 16, 40, 90].map((kl) => {
      const d = Math.sqrt(kl);
      return { kl, gold: start + (kl === 0 ? 0 : d * (alpha - beta * Math.log(d))) };
    });
    const fit = gaoFit(points);
    expect(fit?.alpha).toBeCloseTo(alpha, 10);
    expect(fit?.beta).toBeCloseTo(beta, 10);
    expect(fit?.r2).toBeCloseTo(1, 10);
    // d/dd of d (alpha - beta log d) is 0 where log d = alpha / beta - 1.
    expect(fit?.peakKl).toBeCloseTo(Math.exp(2 * (alpha / beta - 1)), 8);
  });

  it("tells which share of gold's variance it explains", () => {
    const points = [0, 1, 4, 9, 16].map((kl, i) => ({ kl, gold: [-0.2, 0.6, 0.5, 0.9, 0.7][i] }));
    const { alpha, beta, r2 } = gaoFit(points) as GaoFit;
    const away = points.slice(1).map(({ kl, gold }) => ({ d: Math.sqrt(kl), y: gold + 0.2 }));
    const center = away.reduce((sum, { y }) => sum + y / 4, 0);
    const left = away.reduce((sum, { d, y }) => sum + (y - d * (alpha - beta * Math.log(d))) ** 2, 0);
    const all = away.reduce((sum, { y }) => sum + (y - center) ** 2, 0);
    expect(r2).toBeCloseTo(1 - left / all, 10);
    expect(Math.abs(r2)).toBeLessThan(0.95);
    // Least squares: any other curve leaves more.
    for (const [a, b] of [
      [alpha + 0.01, beta],
      [alpha, beta + 0.01],
    ])
      expect(away.reduce((sum, { d, y }) => sum + (y - d * (a - b * Math.log(d))) ** 2, 0)).toBeGreaterThan(
        left,
      );
  });

  it("has no peak where gold never falls, and no fit of too few distances", () => {
    const straight = [0, 1, 4, 9].map((kl) => ({
      kl,
      gold: Math.sqrt(kl) * (1 + 0.1 * Math.log(Math.sqrt(kl || 1))),
    }));
    expect(gaoFit(straight)?.beta).toBeCloseTo(-0.1, 10);
    expect(gaoFit(straight)?.peakKl).toBeUndefined();
    expect(gaoFit(straight.slice(0, 3))).toBeUndefined();
    expect(gaoFit([{ kl: 0, gold: 0 }, ...[1, 2, 3].map((gold) => ({ kl: 2, gold }))])).toBeUndefined();
  });
});

describe("overOptimization", () => {
  const golds = [0, 0.5, 1, 0.8, 0.2];
  const curve = golds.map((gold, i) => checkpoint(3 * i, i, gold));

  it("tells rise and fall by the same prompts", () => {
    const { peak, rise, fall } = overOptimization(curve);
    expect(peak.iteration).toBe(6);
    expect(rise.estimate).toBeCloseTo(1, 1);
    expect(fall.estimate).toBeCloseTo(0.8, 1);
    // The prompts differ by 1; only pairing makes the interval as narrow as their noise.
    for (const { low, high } of [rise, fall]) expect(high - low).toBeLessThan(0.1);
  });

  it("widens both intervals for the choice of the peak among all checkpoints", () => {
    const [two, many] = [curve.slice(1, 3), curve.slice(1)].map((own) => overOptimization(own).rise);
    expect(many.estimate).toBe(two.estimate);
    expect(many.high - many.low).toBeGreaterThan(1.1 * (two.high - two.low));
    // Two intervals of each of three others that could have been the peak: 1 - 0.05 / 6.
    const less = pairedDifference(curve[2].goldByPrompt, curve[1].goldByPrompt, 1 - 0.05 / 6);
    expect([many.low, many.high]).toEqual([less.low, less.high]);
  });

  it("finds neither where gold does not change, in 19 of 20 curves at least", () => {
    const found = Array.from({ length: 100 }, (_, trial) => {
      const flat = golds.map((_, i) => checkpoint(1000 * trial + i, i, 0));
      const { rise, fall } = overOptimization(flat);
      return rise.low > 0 || fall.low > 0;
    }).filter(Boolean).length;
    expect(found).toBeLessThanOrEqual(10);
  });

  it("says where the alarm that came first would have stopped it", () => {
    const count = { shown: 1, n: 2 };
    const alarm = (iteration: number, behaviour: string) => ({
      ...{ iteration, behaviour, before: count, now: count },
    });
    const { stopped } = overOptimization(curve, [alarm(11, "late"), alarm(7, "early")]);
    expect(stopped).toMatchObject({ iteration: 9, by: "early" });
    expect(overOptimization(curve, [alarm(9, "at one")]).stopped?.iteration).toBe(9);
    expect(overOptimization(curve).stopped).toBeUndefined();
    expect(overOptimization(curve, [alarm(99, "after the end")]).stopped).toBeUndefined();
  });
});
