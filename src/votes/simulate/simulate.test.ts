import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { wilsonInterval } from "../../statistics/estimates.js";
import {
  DEFAULT_WORLD,
  probabilityLeft,
  prompts,
  RATER_POOLS,
  raterPool,
  renderResponse,
  sampleStyle,
} from "../../worlds/assistant/index.js";
import { type Answer, answerProblem, TASK_KINDS, TaskDefinition, type TaskItem } from "../tasks/index.js";
import { type Person, rate } from "./behaviour.js";
import {
  ASSISTANT_VALUES,
  hiddenValues,
  RATER_KINDS,
  type RaterKind,
  simulatedRaters,
  simulateVotes,
} from "./index.js";
import { sentences } from "./values.js";

const PAIR = TaskDefinition.parse({ kind: "pairwise" });

/** Items of two responses in the built-in world. */
function worldItems(count: number, task = PAIR): TaskItem[] {
  const random = new RandomStream(4, "test/items");
  return Array.from({ length: count }, (_, i) => {
    const prompt = random.choice(prompts("train"));
    const write = () =>
      renderResponse(prompt, sampleStyle(prompt, DEFAULT_WORLD.demonstrations, random), random);
    const responses = [0, 1].map((at) => ({ name: `${at}`, text: write() }));
    return { id: `item-${i}`, task, content: { prompt: prompt.text, responses } };
  });
}

const raterOf = (kind: RaterKind, seed = 1) =>
  simulatedRaters({ raters: 12, shares: { [kind]: 1 }, groups: 1, talkative: 0 }, ASSISTANT_VALUES, seed);

const verdict = (answer: Answer) => (answer.kind === "pairwise" ? answer.aspects.overall.verdict : "");

/** Of the votes that took a side where gold has one, the share that took gold's, with its interval. */
function accuracy(kind: RaterKind) {
  const items = worldItems(400);
  const votes = simulateVotes(items, raterOf(kind), { votesPerItem: 3, repeats: 0, seed: 2 });
  let [right, n] = [0, 0];
  for (const { item, answer } of votes) {
    const { prompt, responses } = items.find(({ id }) => id === item)!.content;
    const [a, b] = responses.map(({ text }) => ASSISTANT_VALUES.gold(prompt as string, text));
    const said = verdict(answer);
    if (a === b || (said !== "left" && said !== "right")) continue;
    n++;
    if ((said === "left") === a > b) right++;
  }
  return wilsonInterval(right, n, 0.99);
}

describe("a simulated rater", () => {
  it("gives every kind of task an answer that the task accepts, in a time above 0", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TASK_KINDS),
        fc.constantFrom(...RATER_KINDS),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.constantFrom("off", "optional", "required"),
        (kind, raterKind, k, seed, rationale) => {
          const task = TaskDefinition.parse({ kind, rationale, aspects: ["overall", "helpful"] });
          const count = { demonstration: 0, rewrite: 1, safety: 1, pairwise: 2, ranking: k, likert: k }[kind];
          const random = new RandomStream(seed, "test/view");
          const responses = Array.from({ length: count }, () => ({ text: sentences(random, 2) }));
          const [rater] = simulatedRaters(
            { raters: 1, shares: { [raterKind]: 1 }, groups: 1, talkative: 0.5 },
            hiddenValues(seed),
            seed,
          );
          const { answer, milliseconds } = rater.rate({ task, prompt: "Why?", responses }, random);
          expect(answerProblem(answer, task, count)).toBeUndefined();
          expect(milliseconds).toBeGreaterThan(0);
          expect(Number.isInteger(milliseconds)).toBe(true);
        },
      ),
    );
  });

  it("who is honest chooses as the built-in world's rater does", () => {
    const [traits] = raterPool(RATER_POOLS.honest, 3);
    const [item] = worldItems(40).filter(({ content }) => {
      const p = probabilityLeft(
        traits,
        content.prompt as string,
        content.responses[0].text,
        content.responses[1].text,
      );
      return p > 0.6 && p < 0.9;
    });
    const { prompt, responses } = item.content;
    const p = probabilityLeft(traits, prompt as string, responses[0].text, responses[1].text);
    const person: Person = { kind: "honest", traits, pace: 1, key: 0, talkative: 0 };
    const random = new RandomStream(5, "test/votes");
    const verdicts = Array.from({ length: 6000 }, () =>
      verdict(rate(person, ASSISTANT_VALUES, { task: PAIR, prompt, responses }, random).answer),
    );
    const sided = verdicts.filter((v) => v !== "tie");
    const { low, high } = wilsonInterval(sided.filter((v) => v === "left").length, sided.length, 0.999);
    expect(low - 0.03).toBeLessThan(p);
    expect(high + 0.03).toBeGreaterThan(p);
    expect(sided.length).toBeGreaterThan(5000);
  });

  it("is as right as its kind says", () => {
    const [honest, noisy, malicious, random, colluding] = (
      ["honest", "noisy", "malicious", "random", "colluding"] as const
    ).map(accuracy);
    expect(honest.low).toBeGreaterThan(0.78);
    expect(noisy.high).toBeLessThan(honest.low);
    expect(noisy.low).toBeGreaterThan(0.5);
    expect(malicious.high).toBeLessThan(0.22);
    for (const blind of [random, colluding]) {
      expect(blind.low).toBeLessThan(0.56);
      expect(blind.high).toBeGreaterThan(0.44);
    }
  });

  it("colludes with its group and with no other, on whichever side a response is shown", () => {
    const raters = simulatedRaters(
      { raters: 4, shares: { colluding: 1 }, groups: 2, talkative: 0 },
      ASSISTANT_VALUES,
      1,
    );
    const items = worldItems(300).filter(
      ({ content: { responses } }) => responses[0].text !== responses[1].text,
    );
    const said = new Map<string, Map<string, string>>();
    for (const { item, rater, answer } of simulateVotes(items, raters, {
      votesPerItem: 4,
      repeats: 0,
      seed: 1,
    }))
      said.set(rater, (said.get(rater) ?? new Map()).set(item, verdict(answer)));
    const agreement = (a: string, b: string) =>
      items.filter(({ id }) => said.get(a)!.get(id) === said.get(b)!.get(id)).length / items.length;
    const [a, ...rest] = raters.map(({ id }) => id);
    const withFirst = rest.map((other) => agreement(a, other)).sort((x, y) => y - x);
    expect(withFirst[0]).toBeGreaterThan(0.85);
    expect(withFirst[1]).toBeLessThan(0.65);
  });

  it("reads at its pace, or clicks", () => {
    const median = (kind: RaterKind) => {
      const votes = simulateVotes(worldItems(60), raterOf(kind), { votesPerItem: 4, repeats: 0, seed: 2 });
      return votes.map(({ milliseconds }) => milliseconds!).sort((a, b) => a - b)[votes.length / 2];
    };
    expect(median("fast")).toBeLessThan(1500);
    expect(median("honest")).toBeGreaterThan(6000);
  });
});

describe("a pool of simulated raters", () => {
  it("has its shares, and pseudonyms that do not tell the kind", () => {
    const config = {
      raters: 40,
      shares: { honest: 0.7, malicious: 0.15, colluding: 0.15 },
      groups: 1,
      talkative: 0,
    };
    const raters = simulatedRaters(config, ASSISTANT_VALUES, 1);
    const count = (kind: RaterKind) => raters.filter((rater) => rater.kind === kind).length;
    expect([count("honest"), count("malicious"), count("colluding")]).toEqual([28, 6, 6]);
    expect(new Set(raters.map(({ id }) => id)).size).toBe(40);
    expect(raters.slice(0, 28).some(({ kind }) => kind !== "honest")).toBe(true);
  });

  it("casts the same votes for a seed, whole repeats, and sides in the stored order", () => {
    const raters = raterOf("straight-lining");
    const plan = { votesPerItem: 4, repeats: 0.5, seed: 7 };
    const votes = simulateVotes(worldItems(50), raters, plan);
    expect(simulateVotes(worldItems(50), raterOf("straight-lining"), plan)).toEqual(votes);
    expect(simulateVotes(worldItems(50), raters, { ...plan, seed: 8 })).not.toEqual(votes);
    const repeats = votes.filter(({ repeat }) => repeat);
    expect(repeats.length).toBeGreaterThan(70);
    expect(repeats.length).toBeLessThan(130);
    for (const { rater, item } of repeats)
      expect(votes.some((vote) => !vote.repeat && vote.rater === rater && vote.item === item)).toBe(true);
    // One who always says left prefers what was shown there, which is stored on the other side half of the time.
    const sided = votes.filter(({ answer }) => verdict(answer) === "left" || verdict(answer) === "right");
    const consistent = sided.filter(({ answer, order }) => (verdict(answer) === "left") === (order[0] === 0));
    expect(consistent.length / sided.length).toBeGreaterThan(0.97);
    expect(new Set(sided.map(({ answer }) => verdict(answer))).size).toBe(2);
  });
});

it("people who love length choose the longer answer, honest ones do not mind it", () => {
  const longerChosen = (people: "honest" | "length-loving") => {
    const raters = simulatedRaters(
      { raters: 6, shares: { honest: 1 }, groups: 1, talkative: 0, people },
      ASSISTANT_VALUES,
      1,
    );
    const items = worldItems(200);
    const votes = simulateVotes(items, raters, { votesPerItem: 2, repeats: 0, seed: 2 });
    const chosen = votes.flatMap(({ item, answer }) => {
      const lengths = items
        .find(({ id }) => id === item)!
        .content.responses.map(({ text }) => text.split(/\s+/).length);
      const said = verdict(answer);
      if (Math.abs(lengths[0] - lengths[1]) < 3 || (said !== "left" && said !== "right")) return [];
      return [(said === "left") === lengths[0] > lengths[1]];
    });
    return wilsonInterval(chosen.filter(Boolean).length, chosen.length, 0.99);
  };
  expect(longerChosen("length-loving").low).toBeGreaterThan(longerChosen("honest").high);
  expect(longerChosen("length-loving").low).toBeGreaterThan(0.6);
});
