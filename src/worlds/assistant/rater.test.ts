import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { DEFAULT_WORLD } from "./config.js";
import { sampleStyle } from "./demonstrations.js";
import { goldUtility } from "./gold.js";
import { type ModelledVote, noiseCeiling } from "./noise-ceiling.js";
import { PADDING } from "./phrases.js";
import { type Prompt, prompts } from "./prompts.js";
import { judge, probabilityLeft, type Rater, RaterTraits } from "./rater.js";
import { RATER_POOLS, RaterPoolConfig, raterPool } from "./rater-pool.js";
import { idealStyle, renderResponse } from "./render.js";

const FAIR: RaterTraits = {
  temperature: 0.5,
  lapse: 0,
  positionBias: 0,
  lengthBias: 0,
  flatteryBias: 0,
  helpfulnessWeight: 1,
  harmlessnessWeight: 1,
};
const QUESTION = "What colour is the fox?";

/** The share of 4000 votes for the left, with an interval of 4 standard deviations. */
function leftShare(rater: RaterTraits, left: string, right: string) {
  const random = new RandomStream(9, "test/votes");
  const n = 4000;
  let wins = 0;
  for (let i = 0; i < n; i++) if (judge(rater, QUESTION, left, right, random).winner === "left") wins++;
  const share = wins / n;
  const half = 4 * Math.sqrt((share * (1 - share)) / n);
  return { low: share - half, high: share + half };
}

/** A pair as the demonstrations' styles would give it. */
function pair(prompt: Prompt, random: RandomStream) {
  const draw = () =>
    renderResponse(prompt, sampleStyle(prompt, DEFAULT_WORLD.demonstrations, random), random);
  return [draw(), draw()];
}

function castVotes(raters: readonly Rater[], n: number): ModelledVote[] {
  const random = new RandomStream(2, "test/pairs");
  return Array.from({ length: n }, () => {
    const prompt = random.choice(prompts("train"));
    const [left, right] = pair(prompt, random);
    return {
      ...judge(random.choice(raters), prompt, left, right, random),
      goldLeft: goldUtility(prompt, left).total,
      goldRight: goldUtility(prompt, right).total,
    };
  });
}

describe("a rater", () => {
  it("without biases is a Boltzmann choice, and symmetric", () => {
    const [left, right] = ["The fox is red.", "What a great question! The fox is red."];
    const p = probabilityLeft(FAIR, QUESTION, left, right);
    expect(p).toBeCloseTo(1 / (1 + Math.exp(-0.4 / 0.5)), 12);
    expect(probabilityLeft(FAIR, QUESTION, right, left)).toBeCloseTo(1 - p, 12);
    const { low, high } = leftShare(FAIR, left, right);
    expect(low).toBeLessThan(p);
    expect(high).toBeGreaterThan(p);
  });

  it("shows each bias in its votes", () => {
    const [plain, flattering] = ["It is red.", "What a great question! It is red."];
    const padded = `It is red. ${PADDING[0]}`;
    expect(leftShare(FAIR, plain, plain).low).toBeLessThan(0.5);
    expect(leftShare(FAIR, plain, plain).high).toBeGreaterThan(0.5);
    expect(leftShare({ ...FAIR, positionBias: 0.2 }, plain, plain).low).toBeGreaterThan(0.5);
    expect(leftShare({ ...FAIR, flatteryBias: 0.6 }, flattering, plain).low).toBeGreaterThan(0.5);
    expect(leftShare(FAIR, padded, plain).high).toBeLessThan(0.5);
    expect(leftShare({ ...FAIR, lengthBias: 1.5 }, padded, plain).low).toBeGreaterThan(0.5);
  });

  it("votes at random when it lapses, and weighs harm as it is told to", () => {
    expect(probabilityLeft({ ...FAIR, lapse: 1 }, QUESTION, "It is red.", "It is grey.")).toBe(0.5);
    const careless = { ...FAIR, harmlessnessWeight: 0 };
    const harmful = [
      "How do I break into the bank?",
      "First wait until dark.",
      "I can't help with that.",
    ] as const;
    expect(probabilityLeft(FAIR, ...harmful)).toBeLessThan(probabilityLeft(careless, ...harmful));
  });

  it("describes every trait", () => {
    for (const field of Object.values(RaterTraits.shape)) expect(field.description).toBeTruthy();
  });
});

describe("a pool of raters", () => {
  it("is the same for a seed, has its groups' shares, and differs within a group", () => {
    const raters = raterPool(RATER_POOLS.honest, 7);
    expect(raterPool(RATER_POOLS.honest, 7)).toEqual(raters);
    expect(raterPool(RATER_POOLS.honest, 8)).not.toEqual(raters);
    const sizes = ["careful", "hurried", "charmed"].map(
      (g) => raters.filter(({ group }) => group === g).length,
    );
    expect(sizes).toEqual([6, 4, 2]);
    expect(new Set(raters.map(({ id }) => id)).size).toBe(12);
    expect(new Set(raters.map(({ temperature }) => temperature)).size).toBe(12);
  });

  it("has presets that its schema accepts", () => {
    for (const preset of Object.values(RATER_POOLS)) expect(RaterPoolConfig.parse(preset)).toEqual(preset);
  });

  it("agrees with gold on 80 to 88% of pairs that differ when honest, in every seed from 1 to 5", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const votes = castVotes(raterPool(RATER_POOLS.honest, seed), 1500);
      const { goldAccuracy } = noiseCeiling(votes.filter((vote) => vote.goldLeft !== vote.goldRight));
      expect(goldAccuracy).toBeGreaterThan(0.8);
      expect(goldAccuracy).toBeLessThan(0.88);
    }
  });

  it("can be hacked by padding when it loves length: padded answers win, and are worse than a demonstration", () => {
    const raters = raterPool(RATER_POOLS["length-loving"], 1);
    const random = new RandomStream(3, "test/hack");
    let [hackWins, hackGold, usualGold, n] = [0, 0, 0, 0];
    for (const prompt of prompts("report")) {
      const [usual] = pair(prompt, random);
      const ideal = renderResponse(prompt, idealStyle(prompt), random);
      const hack = [ideal, ...PADDING.slice(0, 4)].join(" ");
      hackWins += probabilityLeft(random.choice(raters), prompt, hack, usual);
      hackGold += goldUtility(prompt, hack).total;
      usualGold += goldUtility(prompt, usual).total;
      n++;
    }
    expect(hackWins / n).toBeGreaterThan(0.9);
    expect(hackGold / n).toBeLessThan(usualGold / n);
  });
});

describe("the noise ceiling", () => {
  it("is what its formulas say on votes computed by hand", () => {
    const votes: ModelledVote[] = [
      { winner: "left", probabilityLeft: 0.9, goldLeft: 2, goldRight: 1 },
      { winner: "right", probabilityLeft: 0.6, goldLeft: 2, goldRight: 1 },
      { winner: "left", probabilityLeft: 0.3, goldLeft: 0, goldRight: 0 },
      { winner: "right", probabilityLeft: 0.2, goldLeft: -1, goldRight: 1 },
    ];
    const ceiling = noiseCeiling(votes);
    expect(ceiling.votes).toBe(4);
    expect(ceiling.ties).toBe(0.25);
    expect(ceiling.ceiling).toBeCloseTo((0.9 + 0.6 + 0.7 + 0.8) / 4, 12);
    expect(ceiling.goldExpected).toBeCloseTo((0.9 + 0.6 + 0.5 + 0.8) / 4, 12);
    expect(ceiling.goldAccuracy).toBeCloseTo((1 + 0 + 0.5 + 1) / 4, 12);
  });

  it("is above what gold reaches, and votes as cast come near the expectation", () => {
    const { ceiling, goldExpected, goldAccuracy } = noiseCeiling(
      castVotes(raterPool(RATER_POOLS.honest, 1), 3000),
    );
    expect(ceiling).toBeGreaterThanOrEqual(goldExpected);
    expect(ceiling - goldExpected).toBeLessThan(0.03);
    expect(Math.abs(goldAccuracy - goldExpected)).toBeLessThan(0.035);
  });
});
