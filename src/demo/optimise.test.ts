import { beforeAll, describe, expect, it } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { driven, runtime, tinyDemo, tinyRunner, tokenizer } from "../../test/tiny-demo.js";
import { Generator } from "../generate/index.js";
import { NetworkTrainer } from "../model/runner.js";
import { prompts, promptWithText } from "../worlds/assistant/index.js";
import { scores } from "./baselines.js";
import type { DemoEvent } from "./events.js";
import { optimise } from "./optimise.js";
import { sampleGold } from "./policies.js";
import { weightsOf } from "./training.js";

const config = tinyDemo({
  ...{ evaluateEvery: 2, split: "develop" },
  ppoTopics: { facts: 1, harmful: 1 },
  ppo: { iterations: 4, learningRate: 1e-3, klBudget: null },
});
const [reference, start] = [tinyRunner(1), tinyRunner(2)];
const scale = { mean: 40, std: 0.5 };
const rewarded = () => ({
  scorer: new NetworkTrainer(runtime, tinyRunner(3, "random").network, config.reward),
  scale,
});
const bytes = (runner: { network: Parameters<typeof weightsOf>[0] }) =>
  [...weightsOf(runner.network)].map(([name, buffer]) => [name, [...memoryOf(buffer)]]);
const before = JSON.stringify([reference, start].map(bytes));

let events: DemoEvent[];
let result: Awaited<ReturnType<typeof run>>["result"];
const run = (changes = {}) =>
  driven(optimise(runtime, { reference, start }, tokenizer, rewarded(), { ...config, ...changes }));
beforeAll(async () => {
  ({ events, result } = await run());
}, 60_000);
const steps = () => events.filter((event) => event.kind === "step");
const checkpoints = () => events.flatMap((event) => (event.kind === "checkpoint" ? [event.checkpoint] : []));

describe("the stage that optimises", () => {
  it("takes every iteration, from a copy of the policy to start with", () => {
    expect(steps().map(({ phase, step, steps: all }) => [phase, step, all])).toEqual(
      [1, 2, 3, 4].map((step) => ["ppo", step, 4]),
    );
    for (const { metrics } of steps()) expect(metrics["first/ratio"]).toBeCloseTo(1, 5);
    expect(JSON.stringify([reference, start].map(bytes))).toBe(before);
    expect(bytes(result.policy)).not.toEqual(bytes(start));
    expect(result.kl).toBe(steps()[3].metrics["objective/kl"]);
  });

  it("is tethered to the reference, not to the policy that it starts from", async () => {
    expect(checkpoints()[0].kl.estimate).toBeGreaterThan(0.5);
    expect(steps()[0].metrics["objective/kl"]).toBeGreaterThan(0.5);
    const own = await driven(
      optimise(runtime, { reference: start, start }, tokenizer, rewarded(), { ...config, evaluateEvery: 4 }),
    );
    const [first] = own.events.flatMap((e) => (e.kind === "checkpoint" ? [e.checkpoint] : []));
    expect(first.kl.estimate).toBe(0);
  }, 60_000);

  it("scores by the reward model in deviations of the SFT model's own responses", async () => {
    // Scores of random networks are near 0: (0 - 40) / 0.5 = -80.
    for (const { metrics } of steps()) expect(Math.abs(metrics["objective/scores"] + 80)).toBeLessThan(25);
    const [first] = checkpoints();
    expect(Math.abs(first.proxy.estimate + 80)).toBeLessThan(25);
  });

  it("measures before the first iteration and every so many, each time with the same draws", async () => {
    expect(checkpoints().map(({ iteration }) => iteration)).toEqual([0, 2, 4]);
    const generator = new Generator(runtime, start.network, tokenizer.padId, tokenizer);
    const plan = { samplesPerPrompt: 2, maxNewTokens: 4, temperature: config.temperature, seed: 6 };
    const samples = await sampleGold(generator, tokenizer, prompts("develop"), plan);
    const [first] = checkpoints();
    expect(first.goldByPrompt).toEqual(
      samples.map(({ responses }) => (responses[0].gold.total + responses[1].gold.total) / 2),
    );
    const batching = { rows: 16, padId: tokenizer.padId };
    const scored = await scores(tinyRunner(3, "random"), tokenizer, samples, batching);
    const mean = scored.flat().reduce((sum, score) => sum + score, 0) / scored.flat().length;
    expect(first.proxy.estimate).toBeCloseTo((mean - scale.mean) / scale.std, 3);
    expect(first.gold.estimate).toBeCloseTo(
      first.goldByPrompt.reduce((sum, gold) => sum + gold, 0) / first.goldByPrompt.length,
      12,
    );
    const silent = await run({ evaluateEvery: 0 });
    expect(silent.events.every(({ kind }) => kind !== "checkpoint")).toBe(true);
  }, 60_000);

  it("draws its prompts from training, with the shares of their topics", async () => {
    const asked: string[] = [];
    const scorer = rewarded();
    const original = Generator.prototype.generate;
    Generator.prototype.generate = function (this: Generator, ids, ...rest) {
      asked.push(...ids.map((own) => /<\|user\|>(.*)<\|assistant\|>/.exec(tokenizer.decode(own))?.[1] ?? ""));
      return original.call(this, ids, ...rest);
    };
    try {
      const many = { ...config, evaluateEvery: 0, ppo: { ...config.ppo, batchSize: 64, microBatchSize: 64 } };
      await driven(optimise(runtime, { reference, start }, tokenizer, scorer, many));
    } finally {
      Generator.prototype.generate = original;
    }
    const known = asked.map((text) => promptWithText(text));
    expect(known).toHaveLength(256);
    expect(known.every((prompt) => prompts("train").includes(prompt))).toBe(true);
    const harmful = known.filter(({ kind }) => kind === "harmful").length;
    expect(known.every(({ kind, task }) => kind === "harmful" || task.type === "facts")).toBe(true);
    expect(Math.abs(harmful / 256 - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 256));
  }, 60_000);
});
