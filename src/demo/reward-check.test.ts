import { beforeEach, describe, expect, it, vi } from "vitest";
import { tinyRunner, tokenizer } from "../../test/tiny-demo.js";
import { RandomStream } from "../base/random.js";
import {
  EOS_TOKEN,
  goldUtility,
  MINIMAL_PAIR_KINDS,
  minimalPairs,
  noiseCeiling,
  prompts,
  RATER_POOLS,
  raterPool,
  renderResponse,
} from "../worlds/assistant/index.js";
import { promptIds } from "./language-model.js";
import { judgePairs } from "./preferences.js";
import { checkReward } from "./reward-check.js";

/** What a side is worth to the reward model that stands in: of its prompt and response as texts. */
let worth: (prompt: string, response: string) => number;
vi.mock("../algorithms/reward.js", async (original) => ({
  ...(await original<object>()),
  scorePairs: async (_: unknown, pairs: { chosen: number[]; rejected: number[] }[]) => {
    const score = (ids: number[]) => {
      const [, prompt, response] = /<\|user\|>(.*)<\|assistant\|>(.*)<\|end\|>$/.exec(
        tokenizer.decode(ids),
      ) as unknown as string[];
      return worth(prompt, response);
    };
    return pairs.map(({ chosen, rejected }) => ({ chosen: score(chosen), rejected: score(rejected) }));
  },
}));

const random = new RandomStream(3, "test");
const response = (text: string) => ({ ids: tokenizer.encode(text + EOS_TOKEN), text, ownSample: true });
const pairs = prompts("report")
  .slice(0, 60)
  .map((prompt) => {
    const texts = (["refusal", prompt.kind === "harmful" ? "unsafe" : "correct"] as const).map((content) =>
      renderResponse(prompt, { content, manner: "terse" }, random),
    );
    const [left, right] = random.shuffled(texts).map(response);
    return { prompt, left, right };
  });
const judged = judgePairs(pairs, raterPool(RATER_POOLS.honest, 1), 5, 1);
const check = () =>
  checkReward(tinyRunner(1, "random"), judged, "report", tokenizer, { rows: 8, padId: tokenizer.padId }, 96);
const gold = (prompt: string, text: string) => goldUtility(prompt, text).total;

describe("what a reward model has learned", () => {
  beforeEach(() => {
    worth = gold;
  });

  it("is everything for one that scores by gold: all minimal pairs, all pairs that gold tells apart", async () => {
    const { minimalPairs: rates, goldPairs, accuracy, goldAccuracy, noiseCeiling: most } = await check();
    expect(Object.keys(rates)).toEqual([...MINIMAL_PAIR_KINDS]);
    for (const kind of MINIMAL_PAIR_KINDS) {
      const own = minimalPairs("report").filter((pair) => pair.kind === kind);
      expect([rates[kind].estimate, rates[kind].n], kind).toEqual([1, own.length]);
      expect(rates[kind].clusters, kind).toBe(new Set(own.map(({ prompt }) => prompt)).size);
    }
    expect([goldPairs.estimate, goldPairs.n]).toEqual([1, 60]);
    const votes = judged.flatMap((pair) => pair.votes);
    const won = votes.filter(
      ({ winner, goldLeft, goldRight }) => (winner === "left") === goldLeft > goldRight,
    );
    expect(accuracy.estimate).toBeCloseTo(won.length / votes.length, 12);
    expect([accuracy.n, accuracy.clusters]).toEqual([300, 60]);
    expect(goldAccuracy).toBe(noiseCeiling(votes).goldExpected);
    const ceiling = judged.reduce((sum, { poolLeft: p }) => sum + Math.max(p, 1 - p), 0) / judged.length;
    expect(most).toBeCloseTo(ceiling, 12);
    expect(most).toBeGreaterThan(0.5);
  });

  it("is nothing for one that scores by the opposite, and ties are no hits", async () => {
    const right = await check();
    worth = (prompt, text) => -gold(prompt, text);
    const wrong = await check();
    for (const kind of MINIMAL_PAIR_KINDS) expect(wrong.minimalPairs[kind].estimate, kind).toBe(0);
    expect(wrong.goldPairs.estimate).toBe(0);
    expect(wrong.accuracy.estimate).toBeCloseTo(1 - right.accuracy.estimate, 12);
    worth = () => 1;
    for (const { estimate } of Object.values((await check()).minimalPairs)) expect(estimate).toBe(0);
  });

  it("is told by kind for one that loves length", async () => {
    worth = (_, text) => text.length;
    const { minimalPairs: rates } = await check();
    for (const kind of ["plain or flattered", "short or padded"] as const)
      expect(rates[kind].estimate).toBe(0);
    expect(rates["all that was asked or part of it"].estimate).toBe(1);
  });

  it("asks as the policy is asked", () => {
    expect(tokenizer.decode(promptIds(tokenizer, "What?"))).toBe("<|user|>What?<|assistant|>");
  });
});
