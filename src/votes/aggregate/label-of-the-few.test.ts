import { expect, it } from "vitest";
import { isLabelOfTheFew } from "./label-of-the-few.js";

/** Ten raters of ten votes each; the first `few` are right on the second label with one chance, the others with another. */
function judged(
  few: number,
  right: number,
  others: number,
  weight = (_w: number) => 1,
  first = 0.9,
): boolean {
  const votes = {
    ...{ items: ["i"], raters: Array.from({ length: 10 }, (_, w) => `${w}`), labels: ["a", "b"] },
    ...{ item: new Int32Array(100), label: new Int32Array(100) },
    rater: Int32Array.from({ length: 100 }, (_, v) => Math.floor(v / 10)),
  };
  const confusion = Float64Array.from({ length: 40 }, (_, at) => {
    const [w, c, y] = [Math.floor(at / 4), Math.floor(at / 2) % 2, at % 2];
    const own = c === 0 ? first : w < few ? right : others;
    return c === y ? own : 1 - own;
  });
  return isLabelOfTheFew(votes, confusion, Float64Array.from(votes.rater, weight));
}

it("is one on which fewer than two fifths of the votes are right more often than not, and far more often than the others", () => {
  expect([judged(3, 0.9, 0.4), judged(3, 0.9, 0.6)]).toEqual([true, false]);
  expect([judged(4, 0.9, 0.4), judged(10, 0.9, 0.4), judged(0, 0.9, 0.4)]).toEqual([false, false, false]);
  expect([judged(3, 0.52, 0.48), judged(3, 0.69, 0.4), judged(3, 0.71, 0.4)]).toEqual([false, false, true]);
});

it("is none that they always say", () => {
  expect([judged(3, 0.95, 0.4, undefined, 0.3), judged(3, 0.95, 0.4, undefined, 0.4)]).toEqual([false, true]);
});

it("counts raters by the weight of their votes", () => {
  expect(judged(5, 0.9, 0.4)).toBe(false);
  expect(judged(5, 0.9, 0.4, (w) => (w < 5 ? 0.5 : 1))).toBe(true);
  expect(judged(3, 0.9, 0.4, (w) => (w < 3 ? 2 : 1))).toBe(false);
});
