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

it("is one for those who are right on it in half of the cases too", () => {
  expect([judged(3, 0.5, 0.1), judged(3, 0.49, 0.1)]).toEqual([true, false]);
});

it("is none that they say as often of what is something else, taken over all other labels", () => {
  // Of three labels, the first of ten raters say the second of the first and of the third in these shares.
  const said = (ofFirst: number, ofThird: number) => {
    const votes = {
      ...{ items: ["i"], raters: Array.from({ length: 10 }, (_, w) => `${w}`), labels: ["a", "b", "c"] },
      ...{ item: new Int32Array(10), label: new Int32Array(10), rater: Int32Array.from(Array(10).keys()) },
    };
    const few = [1 - ofFirst, ofFirst, 0, 0.05, 0.9, 0.05, 0, ofThird, 1 - ofThird];
    const many = [0.9, 0.05, 0.05, 0.3, 0.4, 0.3, 0.05, 0.05, 0.9];
    const confusion = Float64Array.from(votes.raters.flatMap((_, w) => (w < 3 ? few : many)));
    return isLabelOfTheFew(votes, confusion, new Float64Array(10).fill(1));
  };
  expect([said(0.8, 0), said(0, 0.8), said(0.65, 0.5), said(0.65, 0.6)]).toEqual([true, true, true, false]);
});

it("is none that they always say", () => {
  expect([judged(3, 0.95, 0.4, undefined, 0.3), judged(3, 0.95, 0.4, undefined, 0.4)]).toEqual([false, true]);
});

it("counts raters by the weight of their votes", () => {
  expect(judged(5, 0.9, 0.4)).toBe(false);
  expect(judged(5, 0.9, 0.4, (w) => (w < 5 ? 0.5 : 1))).toBe(true);
  expect(judged(3, 0.9, 0.4, (w) => (w < 3 ? 2 : 1))).toBe(false);
});
