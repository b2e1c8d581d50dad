import { describe, expect, it } from "vitest";
import { distinctN } from "./diversity.js";

describe("distinctN", () => {
  it("counts distinct n-grams across all texts", () => {
    expect(distinctN([[1, 2, 3, 4]], 3)).toBe(1);
    expect(distinctN([[1, 1, 1, 1]], 3)).toBe(0.5);
    expect(
      distinctN(
        [
          ["a", "b", "c"],
          ["a", "b", "c"],
          ["a", "b"],
        ],
        3,
      ),
    ).toBe(0.5);
  });

  it("keeps 1,2 apart from 12 and gives 0 for texts that are too short", () => {
    expect(
      distinctN(
        [
          ["1,2", "3"],
          ["1", "2,3"],
        ],
        2,
      ),
    ).toBe(1);
    expect(distinctN([[1]], 3)).toBe(0);
  });
});
