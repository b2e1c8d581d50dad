/** The sample of mutants: as many of each folder as its share, drawn by seed and name. */
import { describe, expect, it } from "vitest";
// @ts-expect-error: a script without types
import { drawMutants } from "../scripts/mutations/draw-mutants.mjs";

const folder = (name: string, size: number) => Array.from({ length: size }, (_, i) => `${name}${i}`);
const all = { a: folder("a", 430), b: folder("b", 90), c: folder("c", 480) };
const draw = (n: number, seed: number): Record<string, string[]> => drawMutants(all, n, seed);
const sizes = (drawn: Record<string, string[]>) => Object.values(drawn).map(({ length }) => length);

describe("drawMutants", () => {
  it("draws of each folder as many as its share, and at least one", () => {
    expect(sizes(draw(100, 1))).toEqual([43, 9, 48]);
    expect(sizes(draw(11, 1))).toEqual([5, 1, 5]); // 4.73, 0.99, 5.28
    expect(sizes(draw(3, 1))).toEqual([1, 1, 1]);
    expect(sizes(draw(5000, 1))).toEqual([430, 90, 480]);
  });

  it("draws no mutant twice, the same ones again with the same seed, and more of them in a larger sample", () => {
    const once = draw(200, 1);
    expect(new Set(Object.values(once).flat()).size).toBe(200);
    expect(draw(200, 1)).toEqual(once);
    expect(draw(400, 1).a.slice(0, 86)).toEqual(once.a);
    expect(draw(200, 2)).not.toEqual(once);
  });

  it("gives each mutant of a folder the same chance", () => {
    const times = new Map<string, number>();
    for (let seed = 0; seed < 400; seed++)
      for (const one of drawMutants({ b: all.b }, 9, seed).b as string[])
        times.set(one, (times.get(one) ?? 0) + 1);
    // 9 of 90, 400 times: 40 each, standard deviation 6; the sum of squares has a mean of 89 and a standard deviation of 13.
    const spread = all.b.reduce((sum, one) => sum + ((times.get(one) ?? 0) - 40) ** 2 / 36, 0);
    expect(spread).toBeGreaterThan(50);
    expect(spread).toBeLessThan(150);
  });
});
