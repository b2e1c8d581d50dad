/** The minimiser on functions whose minimum is known, against BFGS written out, and at the limits of its line search. */
import { describe, expect, it } from "vitest";
import { minimize } from "./minimize.js";

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 7): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) expect(actual[at]).toBeCloseTo(expected[at], digits);
}

describe("the minimiser", () => {
  /** 1/2 sum c (x - m)^2, and how often it was asked. */
  const bowl = (curvature: readonly number[], middle: readonly number[]) => {
    const seen: number[][] = [];
    const objective = (x: Float64Array, gradient: Float64Array): number => {
      seen.push([...x]);
      let value = 0;
      for (let i = 0; i < x.length; i++) {
        gradient[i] = curvature[i] * (x[i] - middle[i]);
        value += (curvature[i] * (x[i] - middle[i]) ** 2) / 2;
      }
      return value;
    };
    return { objective, seen };
  };

  it("begins with a step of length 1 at most, down the gradient, and then uses curvature", () => {
    const { objective, seen } = bowl([1, 100], [30, -2]);
    const x = minimize(objective, Float64Array.of(0, 0));
    expectClose(x, [30, -2], 5);
    const [dx, dy] = [30, -200].map((g) => g / Math.hypot(30, 200));
    expectClose(seen[1], [dx, dy], 9);
    expect(seen.length).toBeLessThan(25);
    const near = bowl([1, 1], [0.3, 0.4]);
    minimize(near.objective, Float64Array.of(0, 0));
    expectClose(near.seen[1], [0.3, 0.4], 9); // a gradient shorter than 1 is the step
    expect(near.seen.length).toBe(2);
  });

  it("does as many rounds as it is told, stops at its tolerance, and gives back what is no worse", () => {
    const { objective, seen } = bowl([1, 100], [30, -2]);
    const start = Float64Array.of(0, 0);
    const unmoved = minimize(objective, start, { iterations: 0 });
    expect(unmoved).toEqual(start);
    expect(unmoved).not.toBe(start); // a copy: who changes it does not change the start
    expect(minimize(objective, start, { tolerance: 200 })).toEqual(start);
    expect(minimize(objective, start, { tolerance: 199, iterations: 1 })).not.toEqual(start);
    expect([...start]).toEqual([0, 0]);
    seen.length = 0;
    const one = minimize(objective, start, { iterations: 1 });
    expect(seen.length).toBe(2);
    const gradient = new Float64Array(2);
    expect(objective(one, gradient)).toBeLessThan(objective(start, gradient));
    // A function that only grows in the direction of its gradient's opposite.
    let asked = 0;
    const lying = (x: Float64Array, g: Float64Array): number => {
      asked++;
      g.fill(1);
      return x.reduce((sum, value) => sum - value, 0);
    };
    expect([...minimize(lying, Float64Array.of(1, 2))]).toEqual([1, 2]);
    expect(asked).toBe(1 + 40);
  });

  /** A curved valley whose bottom is at ones, and where it was asked. */
  const valley = () => {
    const seen: { x: number[]; g: number[]; value: number }[] = [];
    const objective = (x: Float64Array, gradient: Float64Array): number => {
      gradient.fill(0);
      let value = 0;
      for (let i = 0; i < x.length - 1; i++) {
        const bend = x[i + 1] - x[i] ** 2;
        value += 20 * bend ** 2 + (1 - x[i]) ** 2;
        gradient[i] += -80 * x[i] * bend - 2 * (1 - x[i]);
        gradient[i + 1] += 40 * bend;
      }
      seen.push({ x: [...x], g: [...gradient], value });
      return value;
    };
    return { objective, seen };
  };

  it("finds the bottom of a curved valley in ten dimensions in few rounds", () => {
    const { objective, seen } = valley();
    const x = minimize(objective, new Float64Array(10));
    expectClose(x, Array(10).fill(1), 4);
    expect(seen.length).toBeLessThan(120);
  });

  it("steps by the inverse Hessian that its last ten steps come to, halved until the value falls enough", () => {
    const { objective, seen } = valley();
    minimize(objective, Float64Array.of(-1.2, 1, 0.5, -0.7, 1.4, 0.2), { iterations: 25 });
    const product = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, value, i) => sum + value * b[i], 0);
    let [now, ...rest] = seen;
    let [pairs, steps]: [{ s: number[]; y: number[] }[], number] = [[], 0];
    while (rest.length > 0) {
      // BFGS written out: H = (I - s y' / s'y) H (I - y s' / s'y) + s s' / s'y, from s'y / y'y of the last.
      const last = pairs.at(-1);
      const scale = last ? product(last.s, last.y) / product(last.y, last.y) : 1;
      let H = now.x.map((_, i) => now.x.map((_, j) => (i === j ? scale : 0)));
      for (const { s, y } of pairs) {
        const sy = product(s, y);
        const left = H.map((row, i) =>
          row.map(
            (_, j) =>
              H[i][j] -
              (s[i] *
                product(
                  y,
                  H.map((r) => r[j]),
                )) /
                sy,
          ),
        );
        H = left.map((row, i) => row.map((value, j) => value - (product(row, y) * s[j] - s[i] * s[j]) / sy));
      }
      const direction = H.map((row) => -product(row, now.g));
      const slope = product(direction, now.g);
      let step = last ? 1 : Math.min(1, 1 / Math.sqrt(-slope));
      for (; ; step /= 2) {
        const [next, ...others] = rest;
        for (const [i, value] of next.x.entries())
          expect(value / (now.x[i] + step * direction[i])).toBeCloseTo(1, 6);
        rest = others;
        if (next.value > now.value + 1e-4 * step * slope) continue;
        const [s, y] = [next.x.map((to, i) => to - now.x[i]), next.g.map((to, i) => to - now.g[i])];
        if (product(s, y) > 0) pairs = [...pairs, { s, y }].slice(-10);
        [now, steps] = [next, steps + 1];
        break;
      }
    }
    expect(steps).toBe(25);
  });

  it("halves a step that lowers the value by less than a ten-thousandth of what the slope promises", () => {
    // From x the first step ends at x - 1: 5 x^2 falls by 5 (2 x - 1), and the slope promises 10 x.
    const second = (x: number) => {
      const { objective, seen } = bowl([10], [0]);
      minimize(objective, Float64Array.of(x));
      return seen[2][0];
    };
    for (const x of [0.5 - 1e-5, 0.5 + 1e-5]) expect(second(x)).toBeCloseTo(x - 0.5, 9);
    expect(second(0.5 + 1e-4)).toBeCloseTo(0, 9);
  });

  it("does not learn from a step into where the function curves down", () => {
    const seen: number[] = [];
    const wave = (x: Float64Array, gradient: Float64Array): number => {
      seen.push(x[0]);
      gradient[0] = -10 * Math.sin(x[0]);
      return 10 * Math.cos(x[0]);
    };
    const [x] = minimize(wave, Float64Array.of(0.5));
    expect(x).toBeCloseTo(Math.PI, 6);
    expect(seen.slice(0, 3)).toEqual([0.5, 1.5, 2.5]);
  });
});
