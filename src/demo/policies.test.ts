import { describe, expect, it } from "vitest";
import { runtime, tinyRunner, tokenizer } from "../../test/tiny-demo.js";
import { RandomStream } from "../base/random.js";
import { Generator } from "../generate/index.js";
import { promptCompletion } from "../model/batch.js";
import { sequenceLogProbs } from "../model/score.js";
import {
  goldUtility,
  idealStyle,
  type Prompt,
  prompts,
  renderResponse,
  topicOf,
} from "../worlds/assistant/index.js";
import { promptIds } from "./language-model.js";
import { bestPossible, klPerResponse, sampleGold, summarizeGold } from "./policies.js";

const answered = (prompt: Prompt, ...texts: string[]) => ({
  prompt,
  responses: texts.map((text, i) => ({
    ids: Array.from({ length: i + 1 }, () => 1),
    text,
    gold: goldUtility(prompt, text),
  })),
});
const [harm, otherHarm] = prompts("report", "harmful");
const fact = prompts("report", "benign").find(({ task }) => task.type === "facts") as Prompt;
const steps = prompts("report", "benign").find(({ task }) => task.type === "steps") as Prompt;
const alarming = prompts("report", "alarming").find(({ task }) => task.type === "steps") as Prompt;
const REFUSAL = "Sorry, I can't help with that.";
const COMPLIANCE = "First bring a match, then set fire to the roof, and finally smash the walls.";
const STOCK = "First hang up bright tape, then move it each day.";

describe("what answers to prompts come to", () => {
  it("counts what is done with harmful requests, over their responses alone", () => {
    const { toHarm, refusesHarm, refusesSafe } = summarizeGold([
      answered(harm, REFUSAL, COMPLIANCE, STOCK, REFUSAL),
      answered(otherHarm, REFUSAL, `${REFUSAL} The fox is red.`, STOCK, STOCK),
      answered(fact, REFUSAL, "The fox is red."),
      answered(steps, STOCK),
    ]);
    const shares = Object.fromEntries(
      Object.entries(toHarm).map(([kind, { estimate, n, clusters }]) => [kind, [estimate, n, clusters]]),
    );
    expect(shares).toEqual({
      refusesWell: [3 / 8, 8, 2],
      refusesBadly: [1 / 8, 8, 2],
      offTopic: [3 / 8, 8, 2],
      complies: [1 / 8, 8, 2],
    });
    expect([refusesHarm.estimate, refusesHarm.n]).toEqual([4 / 8, 8]);
    expect([refusesSafe.estimate, refusesSafe.n]).toEqual([1 / 3, 3]);
  });

  it("has best means by how many prompts are safe and how many harmful", () => {
    const summary = summarizeGold([answered(harm, STOCK), answered(fact, STOCK), answered(steps, STOCK)]);
    const best = bestPossible(summary);
    expect(best.helpfulness).toBeCloseTo((2 * 2) / 3, 12);
    expect(best.harmlessness).toBeCloseTo(1.5 / 3, 12);
    expect(best.gold).toBeCloseTo(5.5 / 3, 12);
    const ideal = [harm, fact, steps].map((prompt) =>
      answered(prompt, renderResponse(prompt, idealStyle(prompt), new RandomStream(1, "test/best"))),
    );
    expect(summarizeGold(ideal).gold.estimate).toBeCloseTo(best.gold, 12);
  });

  it("counts needless refusals of benign and alarming prompts, wrong facts and wrong steps each of its own prompts", () => {
    const right = steps.task.type === "steps" ? steps.task.activity.steps : [];
    const good = `First ${right[0]}, then ${right[1]}, and finally ${right[2]}.`;
    const summary = summarizeGold([
      answered(fact, "The moon is a fox.", "The fox is blue.", "The owl is pink. The fox is blue."),
      answered(steps, good, STOCK),
      answered(alarming, REFUSAL, STOCK),
      answered(harm, REFUSAL),
    ]);
    const told = (...texts: string[]) => texts.map((text) => goldUtility(fact, text).features.wrong);
    const wrong = told("The moon is a fox.", "The fox is blue.", "The owl is pink. The fox is blue.");
    expect([summary.wrongFacts.estimate, summary.wrongFacts.n]).toEqual([
      wrong.filter((count) => count > 0).length / 3,
      3,
    ]);
    expect([summary.wrongSteps.estimate, summary.wrongSteps.n]).toEqual([2 / 4, 4]);
    expect([summary.refusesSafe.estimate, summary.refusesSafe.n]).toEqual([1 / 7, 7]);
    expect([summary.unsafeToSafe.estimate, summary.unsafeToSafe.n]).toEqual([0, 7]);
  });

  it("counts unsafe advice to safe prompts, which is neither refused nor wrong, by itself", () => {
    const { unsafeToSafe, wrongSteps, refusesSafe, toHarm } = summarizeGold([
      answered(steps, COMPLIANCE, STOCK),
      answered(alarming, COMPLIANCE),
      answered(fact, "The fox is red."),
      answered(harm, COMPLIANCE),
    ]);
    expect([unsafeToSafe.estimate, unsafeToSafe.n]).toEqual([2 / 4, 4]);
    expect([wrongSteps.estimate, refusesSafe.estimate]).toEqual([1 / 3, 0]);
    expect(toHarm.complies.estimate).toBe(1);
  });

  it("counts needless refusals of plain everyday requests by themselves", () => {
    const reworded = prompts("train").find((prompt) => topicOf(prompt) === "reworded") as Prompt;
    expect(topicOf(steps)).toBe("everyday");
    const { refusesEveryday } = summarizeGold([
      answered(steps, REFUSAL, STOCK, STOCK),
      answered(reworded, REFUSAL, REFUSAL),
      ...[fact, alarming, harm].map((prompt) => answered(prompt, REFUSAL)),
    ]);
    expect([refusesEveryday.estimate, refusesEveryday.n]).toEqual([1 / 3, 3]);
  });

  it("takes means over prompts, whatever the number of their responses, and length over responses", () => {
    const lie = "The fox is blue.";
    const rows = [answered(harm, REFUSAL), answered(steps, STOCK, STOCK, STOCK), answered(fact, lie)];
    const own = [goldUtility(harm, REFUSAL), goldUtility(steps, STOCK), goldUtility(fact, lie)];
    const mean = (of: (gold: (typeof own)[number]) => number) =>
      own.reduce((sum, one) => sum + of(one), 0) / own.length;
    const { gold, helpfulness, harmlessness, length } = summarizeGold(rows);
    expect(gold.estimate).toBeCloseTo(
      mean(({ total }) => total),
      12,
    );
    expect(helpfulness.estimate).toBeCloseTo(
      mean(({ helpfulness: h }) => h),
      12,
    );
    expect(harmlessness.estimate).toBeCloseTo(
      mean(({ harmlessness: h }) => h),
      12,
    );
    expect(length).toBeCloseTo((1 + 1 + 2 + 3 + 1) / 5, 12);
  });
});

describe("samples and their KL", () => {
  const [policy, reference] = [tinyRunner(1), tinyRunner(2)];
  const asked = prompts("report").slice(0, 20);
  const generator = new Generator(runtime, policy.network, tokenizer.padId, tokenizer);
  const plan = { samplesPerPrompt: 3, maxNewTokens: 5, temperature: 0.8, seed: 9 };
  const batching = { rows: 16, padId: tokenizer.padId };

  it("gives each prompt its own responses, judged against it, the same for the same seed", async () => {
    const samples = await sampleGold(generator, tokenizer, asked, plan);
    expect(samples.map(({ prompt }) => prompt)).toEqual(asked);
    for (const { prompt, responses } of samples) {
      expect(responses).toHaveLength(3);
      for (const { text, gold, ids } of responses) {
        expect(gold).toEqual(goldUtility(prompt, text));
        expect(ids.length).toBeLessThanOrEqual(5);
      }
    }
    expect(new Set(samples[0].responses.map(({ text }) => text)).size).toBeGreaterThan(1);
    expect(await sampleGold(generator, tokenizer, asked, plan)).toEqual(samples);
    expect(await sampleGold(generator, tokenizer, asked, { ...plan, seed: 10 })).not.toEqual(samples);
    // What a prompt is answered follows from the prompt, not from what is asked before it.
    const greedy = { ...plan, temperature: 0.01 };
    const [all, alone] = [asked, asked.slice(7, 8)].map((own) =>
      sampleGold(generator, tokenizer, own, greedy),
    );
    expect((await alone)[0]).toEqual((await all)[7]);
  });

  it("is the mean of log pi(y) - log pi_ref(y) over responses, each at its temperature", async () => {
    const samples = await sampleGold(generator, tokenizer, asked, plan);
    const rows = samples.flatMap(({ prompt, responses }) =>
      responses.map(({ ids }) => promptCompletion(promptIds(tokenizer, prompt.text), ids)),
    );
    const total = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);
    const [own, other] = [
      await sequenceLogProbs(policy, rows, batching, 0.8),
      await sequenceLogProbs(reference, rows, batching, 1.3),
    ].map((all) => all.map(total));
    const kl = own.reduce((sum, value, i) => sum + value - other[i], 0) / own.length;
    const measured = await klPerResponse(
      ...([policy, 0.8, { runner: reference, temperature: 1.3 }, samples, tokenizer, batching] as const),
    );
    expect(kl).toBeGreaterThan(0.1);
    expect(measured.estimate).toBeCloseTo(kl, 5);
    expect(measured.low).toBeLessThan(kl);
    const same = { runner: policy, temperature: 0.8 };
    expect((await klPerResponse(policy, 0.8, same, samples, tokenizer, batching)).estimate).toBe(0);
  });
});
