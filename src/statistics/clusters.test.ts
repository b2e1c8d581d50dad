import { expect, it } from "vitest";
import { checkPaired, clustersOf } from "./clusters.js";

it("clusters hold the values of one key, in the order in which keys appear", () => {
  expect(clustersOf([1, 2, 3, 4, 5], ["b", "a", "b", "c", "a"])).toEqual([[1, 3], [2, 5], [4]]);
  expect(clustersOf([], [])).toEqual([]);
  expect(() => clustersOf([1, 2], ["a"])).toThrow("2 values with 1 keys");
});

it("paired samples are of one length", () => {
  expect(() => checkPaired([1], [2])).not.toThrow();
  expect(() => checkPaired([1, 2], [2])).toThrow("paired samples of 2 and 1 values");
});
