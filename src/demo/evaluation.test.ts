import { beforeAll, describe, expect, it } from "vitest";
import { driven, runtime, tinyDemo, tinyRunner, tokenizer } from "../../test/tiny-demo.js";
import { Generator } from "../generate/index.js";
import type { NetworkRunner } from "../model/runner.js";
import { pairedDifference } from "../statistics/means.js";
import { prompts, type Split } from "../worlds/assistant/index.js";
import { bestOfKl, scores } from "./baselines.js";
import { type Evaluation, evaluateBefore, evaluatePolicies, figuresOf, POLICY_NAMES } from "./evaluation.js";
import type { DemoEvent } from "./events.js";
import { HeldOut, type PolicyFigures } from "./held-out.js";
import { type GoldSamples, klPerResponse, sampleGold, summarizeGold } from "./policies.js";

/** Reported on other prompts than those on which temperatures are chosen. */
const config = tinyDemo({ split: "reserve", temperatures: [0.4, 1, 2.5] });
const runners = {
  ...{ reference: tinyRunner(1), rejection: tinyRunner(2), policy: tinyRunner(3) },
  rewardModel: tinyRunner(4, "random"),
};
const further = [{ name: "kto", policy: tinyRunner(5) }] as const;
const plan = { samplesPerPrompt: 2, maxNewTokens: 4, seed: 6 };
const sampled = (runner: NetworkRunner, temperature: number, changes = {}, split: Split = "reserve") =>
  sampleGold(new Generator(runtime, runner.network, tokenizer.padId, tokenizer), tokenizer, prompts(split), {
    ...{ ...plan, temperature },
    ...changes,
  });
const goldOf = ({ responses }: GoldSamples) =>
  responses.reduce((sum, { gold }) => sum + gold.total, 0) / responses.length;
const meanGold = (samples: GoldSamples[]) =>
  samples.reduce((sum, own) => sum + goldOf(own), 0) / samples.length;

let events: DemoEvent[];
let evaluation: Evaluation;
const of = (name: string) => evaluation.policies.find((policy) => policy.name === name) as PolicyFigures;
beforeAll(async () => {
  const heldOut = new HeldOut(runtime, tokenizer, runners.reference, config);
  const before = await evaluateBefore(heldOut, runners.reference, config);
  const stage = evaluatePolicies(heldOut, tokenizer, before, { ...runners, further }, config);
  ({ events, result: evaluation } = await driven(stage));
}, 300_000);

describe("the evaluation of policies", () => {
  it("has every policy in the table's order, at the usual temperature or at its best of the develop split", async () => {
    expect(evaluation.policies.map(({ name }) => name)).toEqual([...Object.values(POLICY_NAMES), "KTO"]);
    expect(evaluation.prompts).toBe(prompts("reserve").length);
    const best = async (runner: NetworkRunner) => {
      const golds: [number, number][] = [];
      for (const temperature of config.temperatures)
        golds.push([
          temperature,
          meanGold(await sampled(runner, temperature, { samplesPerPrompt: 1 }, "develop")),
        ]);
      return golds.sort((a, b) => b[1] - a[1])[0][0];
    };
    const { reference, rejection, policy } = runners;
    const expected = [
      [POLICY_NAMES.sft, reference, config.temperature],
      [POLICY_NAMES.sftBest, reference, await best(reference)],
      [POLICY_NAMES.rejection, rejection, await best(rejection)],
      [POLICY_NAMES.ppo, policy, config.temperature],
      [POLICY_NAMES.ppoBest, policy, await best(policy)],
      ["KTO", further[0].policy, await best(further[0].policy)],
    ] as const;
    for (const [name, runner, temperature] of expected) {
      const figures = of(name);
      expect(figures.temperature, name).toBe(temperature);
      expect(figures.sampled, name).toBe(1);
      const samples = await sampled(runner, temperature);
      expect(figures.summary, name).toEqual(summarizeGold(samples));
      const kl = await klPerResponse(
        ...([runner, temperature, { runner: reference, temperature: config.temperature }] as const),
        ...([samples, tokenizer, { rows: config.ppo.microBatchSize, padId: tokenizer.padId }] as const),
      );
      expect(figures.kl.estimate, name).toBeCloseTo(kl.estimate, 5);
    }
    expect(of(POLICY_NAMES.sft).kl.estimate).toBe(0);
  }, 300_000);

  it("chooses among as many samples of SFT as PPO's KL pays for, by the reward model", async () => {
    const figures = of(POLICY_NAMES.bestOf);
    const n = figures.sampled;
    expect(of(POLICY_NAMES.ppo).kl.estimate).toBeGreaterThan(bestOfKl(3));
    expect(n).toBe(3);
    expect(figures.kl).toEqual({ estimate: bestOfKl(3), low: bestOfKl(3), high: bestOfKl(3) });
    const many = await sampled(runners.reference, config.temperature, { samplesPerPrompt: 3, seed: 12 });
    const batching = { rows: config.ppo.microBatchSize, padId: tokenizer.padId };
    const scored = await scores(runners.rewardModel, tokenizer, many, batching);
    const chosen = many.map(({ prompt, responses }, i) => ({
      prompt,
      responses: [responses[scored[i].indexOf(Math.max(...scored[i]))]],
    }));
    expect(figures.summary).toEqual(summarizeGold(chosen));
  }, 300_000);

  it("pays for best of n with the KL of PPO at the usual temperature", async () => {
    const unmoved = { ...runners, policy: tinyRunner(1) };
    const hot = { ...config, temperatures: [2.5], samplesPerPrompt: 1 };
    const heldOut = new HeldOut(runtime, tokenizer, runners.reference, hot);
    const before = await evaluateBefore(heldOut, runners.reference, hot);
    const stage = evaluatePolicies(heldOut, tokenizer, before, { ...unmoved, further: [] }, config);
    const { result } = await driven(stage);
    const klOf = (name: string) => figuresOf(result, name).kl.estimate;
    expect(klOf(POLICY_NAMES.ppo)).toBeCloseTo(0, 6);
    expect(klOf(POLICY_NAMES.ppoBest)).toBeGreaterThan(bestOfKl(2));
    expect(figuresOf(result, POLICY_NAMES.bestOf).sampled).toBe(1);
  }, 300_000);

  it("compares PPO with each of the others on the same prompts, PPO first", async () => {
    const { sft, sftBest, bestOf, rejection, ppo, ppoBest } = POLICY_NAMES;
    expect(evaluation.comparisons.map(({ policy, against }) => [policy, against])).toEqual([
      ...[sftBest, rejection, bestOf].map((against) => [ppoBest, against]),
      ...[bestOf, sft].map((against) => [ppo, against]),
      ...[
        [rejection, sftBest],
        [bestOf, sftBest],
        ["KTO", sftBest],
        [ppoBest, "KTO"],
      ],
    ]);
    for (const { policy, against, gold, winRate } of evaluation.comparisons) {
      const difference = of(policy).summary.gold.estimate - of(against).summary.gold.estimate;
      expect(gold.estimate, against).toBeCloseTo(difference, 9);
      expect(winRate.n).toBe(evaluation.prompts);
    }
    const mine = (await sampled(runners.policy, config.temperature)).map(goldOf);
    const theirs = (await sampled(runners.reference, config.temperature)).map(goldOf);
    const last = evaluation.comparisons[4];
    expect(last.gold).toEqual(pairedDifference(mine, theirs));
    expect(last.winRate.wins).toBe(mine.filter((gold, i) => gold > theirs[i]).length);
    expect(last.winRate.losses).toBe(mine.filter((gold, i) => gold < theirs[i]).length);
  }, 300_000);

  it("says how far it is, and hands on what SFT and PPO answered at their best", async () => {
    const steps = events.filter((event) => event.kind === "step");
    expect(steps.map(({ phase, step, steps: all }) => [phase, step, all])).toEqual(
      [1, 2, 3, 4, 5].map((step) => ["evaluate", step, 5]),
    );
    const last = events[events.length - 1];
    if (last.kind !== "samples") throw new Error("no samples");
    expect(last.sft).toEqual(await sampled(runners.reference, of(POLICY_NAMES.sftBest).temperature));
    expect(last.ppo).toEqual(await sampled(runners.policy, of(POLICY_NAMES.ppoBest).temperature));
  }, 300_000);
});
