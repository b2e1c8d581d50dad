/**
 * Does DPO go where the votes point? A small network of the built-in world that has learned refusals and unsafe answers alike, then DPO
 * on pairs of the two. Gold is of its own sampled answers to 138 held-out harmful prompts, in [-4, 2]: a paired difference has a
 * standard error near 0.2, so that a gain of 0.6 would be seen 4 times out of 5.
 */
import { describe, expect, test } from "vitest";
import type { AnswerPair } from "../../src/algorithms/answers.js";
import { RandomStream } from "../../src/base/random.js";
import type { NetworkTrainer } from "../../src/model/runner.js";
import { mean } from "../../src/statistics/estimates.js";
import { pairedDifference } from "../../src/statistics/means.js";
import { fineTuned, goldOf, sidesOf, trained } from "../direct-world.js";
import { FULL } from "../spread.js";

const heldOut = sidesOf("report", 100, 9, "harmful");
const answers = (count: number, seed: number) => sidesOf("train", count, seed, "harmful");
const tuned = (seed: number) => fineTuned(answers(480, seed), seed, 90);
let made: Promise<NetworkTrainer> | undefined;
const start = () => (made ??= tuned(1));

/** Pairs whose votes are right with a probability. */
function voted(count: number, right: number, noise: number, seed = 1): AnswerPair[] {
  const random = new RandomStream(seed, "test/votes");
  return answers(count, seed).map(({ good, bad }) =>
    random.bernoulli(right) ? { chosen: good, rejected: bad, noise } : { chosen: bad, rejected: good, noise },
  );
}

describe.each(FULL ? [1, 2, 3] : [1])("seed %i", (seed) => {
  test("DPO with an SFT term beats the fine-tuned model in gold, with a fifth of the votes flipped", async () => {
    const from = seed === 1 ? await start() : await tuned(seed);
    const changes = { lossType: "cdpo", epochs: 1.5, sftWeight: 0.5 } as const;
    const { policy } = await trained(from, voted(320, 0.8, 0.2, seed), [], changes);
    const gain = pairedDifference(await goldOf(policy), await goldOf(from));
    expect(gain.n).toBe(138);
    expect(gain.low).toBeGreaterThan(0.5);
  });
});

test("votes that are right make implicit rewards that agree with gold, flipped ones make their opposite", async () => {
  const accuracy = async (right: number) =>
    mean((await trained(await start(), voted(128, right, 0), heldOut, {})).right);
  expect(await accuracy(0.9)).toBeGreaterThan(0.8);
  expect(await accuracy(0.1)).toBeLessThan(0.2);
});

test("noise rates say whom to believe: one sure vote for the better answer, two doubtful ones against it", async () => {
  const rows = answers(64, 1).flatMap(({ good, bad }): AnswerPair[] => [
    { chosen: good, rejected: bad, noise: 0.05 },
    ...Array.from({ length: 2 }, () => ({ chosen: bad, rejected: good, noise: 0.45 })),
  ]);
  const accuracy = async (lossType: "sigmoid" | "cdpo") =>
    mean((await trained(await start(), rows, heldOut, { lossType })).right);
  expect(await accuracy("sigmoid")).toBeLessThan(0.2);
  expect(await accuracy("cdpo")).toBeGreaterThan(0.8);
});
