import { expect, test } from "vitest";
import { median, upperMedian } from "./median.js";

test("the median of an even number of values lies between the two in the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10, 9, 2, 1])).toBe(5.5);
  // By size, not as text.
  expect(median([9, 100, 20])).toBe(20);
  expect(median([])).toBeNaN();
});

test("the upper median is one of the values", () => {
  expect(upperMedian(Float64Array.of(10, 9, 2, 1))).toBe(9);
  expect(upperMedian(Float64Array.of(3, 1, 2))).toBe(2);
  expect(upperMedian(new Float64Array())).toBe(0);
});

test("neither sorts what it is given", () => {
  const values = Float64Array.of(3, 1, 2);
  expect([median(values), upperMedian(values)]).toEqual([2, 2]);
  expect([...values]).toEqual([3, 1, 2]);
});
