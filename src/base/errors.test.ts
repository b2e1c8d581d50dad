import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editDistance, nearestName, PlumbError } from "./errors.js";

describe("errors for people", () => {
  test("carry a message, a hint, an exit status and a cause", () => {
    const cause = new Error("inner");
    const error = new PlumbError("what", { hint: "do", exitCode: 130, cause });
    expect(error).toMatchObject({ name: "PlumbError", message: "what", hint: "do", exitCode: 130, cause });
    expect(new PlumbError("plain")).toMatchObject({ exitCode: 1, hint: undefined });
  });

  test("edit distance is a metric, and 1 for one change", () => {
    const word = fc.string({ maxLength: 6 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
        expect(editDistance(a, `${a}x`)).toBe(1);
      }),
      { seed: 1 },
    );
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("stesp", "steps")).toBe(1);
    expect(editDistance("ca", "abc")).toBe(2);
    expect(editDistance("", "abc")).toBe(3);
  });

  test("the nearest name is near, or there is none", () => {
    const known = ["learningRate", "batchSize", "epochs"];
    expect(nearestName("learningrate", known)).toBe("learningRate");
    expect(nearestName("batchsze", known)).toBe("batchSize");
    expect(nearestName("epoch", known)).toBe("epochs");
    expect(nearestName("temperature", known)).toBeUndefined();
    expect(nearestName("x", [])).toBeUndefined();
  });

  test.each([
    ["nope", "home"],
    ["lr", "lora"],
    ["lr", "r"],
    ["foo", "root"],
    ["left", "text"],
    ["rater", "role"],
    ["k", "r"],
  ])("%s is not taken for %s", (name, other) => {
    expect(nearestName(name, [other])).toBeUndefined();
  });

  test.each([
    ["dta", "data"],
    ["rnk", "rank"],
    ["stesp", "steps"],
    ["promt", "prompt"],
    ["R", "r"],
    ["rewardmodle", "rewardModel"],
  ])("%s is taken for %s", (name, other) => {
    expect(nearestName(name, ["zebra", other])).toBe(other);
  });
});
