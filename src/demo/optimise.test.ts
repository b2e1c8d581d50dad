import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { driven, runtime, tinyDemo, tinyRunner, tokenizer } from "../../test/tiny-demo.js";
import { Generator } from "../generate/index.js";
import { NetworkTrainer } from "../model/runner.js";
import type { StageState, StageWork } from "../pipeline/index.js";
import { prompts, promptWithText } from "../worlds/assistant/index.js";
import { type Alarm, BehaviourWatch } from "./alarm.js";
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

describe("the watch while the policy is optimised", () => {
  const count = { shown: 1, n: 10 };
  const alarm = (iteration: number): Alarm => ({
    ...{ behaviour: "refuses safe requests", iteration, before: count, now: count },
  });
  const quiet = { ...config, evaluateEvery: 0 };
  const plain = BehaviourWatch.prototype.observe;
  const seen: Parameters<typeof plain>[] = [];
  const told = (all: readonly DemoEvent[]) =>
    all.map((event) =>
      event.kind === "step" ? event.step : event.kind === "alarm" ? event.alarm : event.kind,
    );
  beforeEach(() => {
    seen.length = 0;
    // Raises an alarm in every second iteration of the run, whatever the responses are.
    vi.spyOn(BehaviourWatch.prototype, "observe").mockImplementation(function (
      this: BehaviourWatch,
      ...observed
    ) {
      plain.apply(this, observed);
      seen.push(observed);
      const iteration = this.state().counts.length;
      return iteration % 2 === 0 ? [alarm(iteration)] : [];
    });
  });
  afterEach(() => void vi.restoreAllMocks());

  it("sees the responses that are scored, and tells each alarm once, after its iteration", async () => {
    const own = await run({ evaluateEvery: 0 });
    expect(told(own.events)).toEqual([1, 2, alarm(2), 3, 4, alarm(4)]);
    expect(own.result.alarms).toEqual([alarm(2), alarm(4)]);
    const scored = own.events.flatMap((event) => (event.kind === "step" ? [event.metrics] : []));
    expect(seen).toHaveLength(4);
    for (const [i, [responses, rewards]] of seen.entries()) {
      expect(responses).toHaveLength(config.ppo.batchSize);
      expect(responses.every(({ prompt }) => prompts("train").includes(prompt))).toBe(true);
      expect(responses.some(({ text }) => text !== "")).toBe(true);
      const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
      expect(mean).toBeCloseTo(scored[i]["objective/scores"], 6);
    }
  }, 60_000);

  it("goes on after an interruption as it was, and tells no alarm again", async () => {
    let take: () => Promise<StageState | undefined> = async () => undefined;
    const stage = (saved?: StageState) => {
      const work: StageWork = {
        saved,
        checkpointBy: (own) => {
          take = own;
        },
      };
      return optimise(runtime, { reference, start }, tokenizer, rewarded(), quiet, work);
    };
    const first = stage();
    const before: DemoEvent[] = [];
    for (let i = 0; i < 3; i++) {
      before.push((await first.next()).value as DemoEvent);
      // After its step, the second iteration has an alarm to tell.
      expect((await take()) === undefined, `event ${i}`).toBe(i === 1);
    }
    const after = await driven(stage(await take()));
    expect(told([...before, ...after.events])).toEqual([1, 2, alarm(2), 3, 4, alarm(4)]);
    expect(after.result.alarms).toEqual([alarm(2), alarm(4)]);
  }, 60_000);
});
