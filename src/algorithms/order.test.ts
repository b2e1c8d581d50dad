import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkFinite } from "./finite.js";
import { batchIndices, exactDivision, longestFirst } from "./order.js";
import { functionReward, totalRewards } from "./reward-sources.js";

describe("the order of examples", () => {
  test("each epoch shows every example once, in an order of its own; batches run across epochs", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(1000),
        (count, size, seed) => {
          const steps = Math.ceil((3 * count) / size);
          const all = Array.from({ length: steps }, (_, step) =>
            batchIndices(count, size, step, seed, "test"),
          ).flat();
          const sorted = Array.from({ length: count }, (_, i) => i);
          for (let epoch = 0; epoch < 3; epoch++) {
            expect(all.slice(epoch * count, (epoch + 1) * count).sort((a, b) => a - b)).toEqual(sorted);
          }
        },
      ),
      { seed: 1 },
    );
    const epoch = (step: number): number[] => batchIndices(20, 20, step, 7, "test");
    expect(epoch(0)).not.toEqual(epoch(1));
    expect(epoch(0)).not.toEqual(batchIndices(20, 20, 0, 8, "test"));
    expect(epoch(0)).not.toEqual(batchIndices(20, 20, 0, 7, "other"));
  });

  test("a batch's longest examples come first, those of one length in the order of the draw", () => {
    const texts = ["a", "bb", "cc", "d", "eee", "ff"];
    const config = { batchSize: 6, seed: 3 };
    const found = longestFirst(texts, config, 0, "test", (text) => text.length);
    expect(found.map(({ length }) => length)).toEqual([3, 2, 2, 2, 1, 1]);
    const drawn = batchIndices(6, 6, 0, 3, "test").map((i) => texts[i]);
    const ofTwo = (list: readonly string[]) => list.filter(({ length }) => length === 2);
    expect(ofTwo(found)).toEqual(ofTwo(drawn));
  });

  test("no examples, uneven divisions and numbers that are not finite are errors", () => {
    expect(() => batchIndices(0, 4, 0, 0, "sft")).toThrow("sft: there are no examples to train on");
    expect(exactDivision(12, 4, "a / b")).toBe(3);
    expect(() => exactDivision(12, 5, "batchSize / miniBatches")).toThrow(
      "batchSize / miniBatches: 12 is not a multiple of 5",
    );
    expect(() => checkFinite("ppo", 7, { kl: 1, score: Number.NaN })).toThrow("ppo, step 7: score is NaN");
    checkFinite("ppo", 7, { kl: 1 });
  });
});

describe("rewards", () => {
  const prompts = [
    { ids: [5], text: "a" },
    { ids: [6], text: "b", meta: { answer: 7 } },
  ];
  const completions = [1, 2].map((n) => ({
    ids: Array<number>(n).fill(4),
    logProbs: [],
    finishReason: "stop" as const,
    text: "x".repeat(n),
  }));

  test("are weighted sums over sources; functions see prompt, row, response, tokens and why it ended", async () => {
    const seen: unknown[] = [];
    const length = functionReward("length", 2, (inputs) => {
      seen.push(...inputs);
      return inputs.map((input) => input.response.length);
    });
    const late = functionReward("late", -1, async (inputs) => inputs.map(() => 0.5));
    expect(await totalRewards([length, late], prompts, completions)).toEqual({
      totals: [1.5, 3.5],
      byName: { length: [1, 2], late: [0.5, 0.5] },
    });
    const silent = functionReward("silent", 1, (inputs) => inputs.map(({ response }) => response.length));
    const untold = completions.map(({ text: _text, ...rest }) => rest); // sampled without a tokenizer
    expect((await totalRewards([silent], prompts, untold)).totals).toEqual([0, 0]);
    expect(seen).toMatchObject([{ meta: {} }, { meta: { answer: 7 } }]);
    expect(Object.keys(seen[1] as object)).toEqual(["prompt", "meta", "response", "ids", "finishReason"]);
    expect(seen[1]).toMatchObject({ prompt: "b", response: "xx", ids: [4, 4], finishReason: "stop" });
  });

  test("are null where one source cannot score the response", async () => {
    const some = functionReward("some", 2, () => [3, null]);
    const all = functionReward("all", 1, () => [1, 1]);
    for (const sources of [
      [some, all],
      [all, some],
    ]) {
      const { totals, byName } = await totalRewards(sources, prompts, completions);
      expect(totals).toEqual([7, null]);
      expect(byName.some).toEqual([3, null]);
    }
  });

  test("functions that answer wrongly are named", async () => {
    const of = (answer: number[]) =>
      totalRewards([functionReward("mine", 1, () => answer)], prompts, completions);
    await expect(of([1])).rejects.toThrow('the reward function "mine" must return 2 numbers');
    await expect(of([Number.POSITIVE_INFINITY, 1])).rejects.toThrow("gave Infinity for response 1");
    await expect(of([1, Number.NaN])).rejects.toThrow('the reward function "mine" gave NaN for response 2');
    await expect(totalRewards([], prompts, completions)).rejects.toThrow("there is nothing to optimise");
  });
});
