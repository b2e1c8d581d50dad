import { describe, expect, it } from "vitest";
import { goldUtility, prompts } from "../worlds/assistant/index.js";
import { bestOf, bestOfAtKl, bestOfEach, bestOfKl } from "./baselines.js";

describe("best of n", () => {
  it("has the KL log n - (n - 1) / n, and the largest n within a KL", () => {
    expect(bestOfKl(1)).toBe(0);
    expect(bestOfKl(4)).toBeCloseTo(Math.log(4) - 0.75, 12);
    expect(bestOfAtKl(0, 16)).toBe(1);
    expect(bestOfAtKl(Math.log(4) - 0.75 + 1e-9, 16)).toBe(4);
    expect(bestOfAtKl(Math.log(4) - 0.75 - 1e-9, 16)).toBe(3);
    expect(bestOfAtKl(bestOfKl(4), 16)).toBe(4);
    expect(bestOfAtKl(50, 16)).toBe(16);
  });

  it("takes the highest score, the first of equal ones, of every whole group in turn", () => {
    expect(bestOf([1, 3, 3, 2])).toBe(1);
    const [prompt] = prompts("report");
    const responses = ["a", "b", "c", "d", "e"].map((text) => ({
      ids: [1],
      text,
      gold: goldUtility(prompt, text),
    }));
    const chosen = bestOfEach([{ prompt, responses }], [[1, 2, 5, 4, 9]], 2);
    expect(chosen[0].responses.map(({ text }) => text)).toEqual(["b", "c"]);
    expect(
      bestOfEach([{ prompt, responses }], [[1, 2, 5, 4, 9]], 5)[0].responses.map(({ text }) => text),
    ).toEqual(["e"]);
  });
});
