import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { disagreement, diverse, entropy, informationGain, selectionValue, uncertainty } from "./selection.js";

const score = fc.double({ min: -8, max: 8, noNaN: true });
const ensemble = fc
  .integer({ min: 2, max: 8 })
  .chain((m) =>
    fc.tuple(
      fc.array(score, { minLength: m, maxLength: m }),
      fc.array(score, { minLength: m, maxLength: m }),
    ),
  );

describe("values of a pair", () => {
  it("are these at these scores", () => {
    expect(entropy(0.5)).toBeCloseTo(Math.LN2, 12);
    expect(entropy(0)).toBe(0);
    expect(uncertainty(1, 1)).toBeCloseTo(Math.LN2, 12);
    // sigmoid(log 3) = 3/4
    expect(uncertainty(Math.log(3), 0)).toBeCloseTo(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25), 12);
    expect(disagreement([Math.log(3), 0], [0, Math.log(3)])).toBeCloseTo(1 / 16, 12);
    expect(informationGain([Math.log(3), 0], [0, Math.log(3)])).toBeCloseTo(Math.LN2 - entropy(0.75), 12);
    // Half of the votes at random: p becomes 5/8 and 3/8.
    expect(informationGain([Math.log(3), 0], [0, Math.log(3)], 0.5)).toBeCloseTo(
      Math.LN2 - entropy(0.625),
      12,
    );
  });

  it("do not depend on which response is first, are zero where all agree, and lie in their ranges", () => {
    fc.assert(
      fc.property(ensemble, ([a, b]) => {
        for (const value of [disagreement, informationGain]) {
          expect(value(a, b)).toBeCloseTo(value(b, a), 10);
          expect(value(a.fill(a[0]), b.fill(b[0]))).toBeCloseTo(0, 10);
        }
        expect(uncertainty(a[0], b[0])).toBeCloseTo(uncertainty(b[0], a[0]), 10);
      }),
    );
    fc.assert(
      fc.property(ensemble, ([a, b]) => {
        const gain = informationGain(a, b);
        expect(gain).toBeGreaterThanOrEqual(0);
        expect(gain).toBeLessThanOrEqual(Math.LN2);
        expect(informationGain(a, b, 0.3)).toBeLessThanOrEqual(gain + 1e-12);
        expect(disagreement(a, b)).toBeLessThanOrEqual(0.25);
      }),
    );
    expect(() => disagreement([1], [1, 2])).toThrow(RangeError);
  });

  it("tell noise that all agree upon from not knowing", () => {
    expect(uncertainty(0, 0)).toBeGreaterThan(0.69);
    expect(informationGain([0, 0], [0, 0])).toBe(0);
  });

  it("are read off an item's scores", () => {
    const response = (name: string, score?: number, scores?: number[]) => ({
      name,
      text: name,
      score,
      scores,
    });
    const item = (...responses: ReturnType<typeof response>[]) => ({ prompt: "p", responses });
    expect(
      selectionValue("uncertainty", item(response("a", 2), response("b", 2), response("c", 9))),
    ).toBeCloseTo(Math.LN2);
    expect(selectionValue("uncertainty", item(response("a", 2), response("b")))).toBeUndefined();
    expect(
      selectionValue("disagreement", item(response("a", 1, [1]), response("b", 1, [1]))),
    ).toBeUndefined();
    expect(
      selectionValue("disagreement", item(response("a", 0, [9, -9]), response("b", 0, [0, 0]))),
    ).toBeCloseTo(0.25, 3);
    expect(
      selectionValue("information-gain", item(response("a", 0, [9, -9]), response("b", 0, [0, 0]))),
    ).toBeCloseTo(Math.LN2, 2);
  });
});

describe("diverse", () => {
  const features = [[0], [0.1], [0.2], [5], [5.1], [10]];

  it("takes the best first, then far ones before near ones", () => {
    expect(diverse([1, 0.9, 0.8, 0.7, 0.6, 0.5], features, 3)).toEqual([0, 3, 5]);
  });

  it("goes by value alone when diversity weighs nothing, or there is none", () => {
    expect(diverse([3, 1, 2, 5, 4, 0], features, 6, 0)).toEqual([3, 4, 0, 2, 1, 5]);
    expect(diverse([1, 3, 2], [[7], [7], [7]], 5)).toEqual([1, 2, 0]);
  });
});
