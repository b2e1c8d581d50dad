import { describe, expect, it } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { driven, runtime, tinyDemo, tinyRunner, tokenizer } from "../../test/tiny-demo.js";
import { NetworkTrainer } from "../model/runner.js";
import { type GroupSettings, optimiseGroups } from "./groups.js";
import { weightsOf } from "./training.js";

const config = tinyDemo({
  ppoTopics: { facts: 1 },
  grpo: {
    iterations: 3,
    batchSize: 16,
    groupSize: 4,
    microBatchSize: 16,
    maxNewTokens: 4,
    learningRate: 1e-3,
  },
});
const [reference, start] = [tinyRunner(1), tinyRunner(2)];
const scale = { mean: 0, std: 0.5 };
const scorer = new NetworkTrainer(runtime, tinyRunner(3, "random").network, config.reward);
const bytes = (runner: { network: Parameters<typeof weightsOf>[0] }) =>
  JSON.stringify([...weightsOf(runner.network)].map(([name, buffer]) => [name, [...memoryOf(buffer)]]));
const run = (settings: GroupSettings = config) =>
  driven(optimiseGroups(runtime, { reference, start }, tokenizer, { scorer, scale }, settings));

describe("the demo's GRPO", () => {
  it("takes every iteration, from a copy of the policy to start with, held to the SFT model", async () => {
    const before = [reference, start].map(bytes);
    const { events, result } = await run();
    expect(events.map(({ phase, step, steps }) => [phase, step, steps])).toEqual(
      [1, 2, 3].map((step) => ["grpo", step, 3]),
    );
    // The starting policy is not the SFT model: the first answers are already some nats away from it.
    expect(events[0].metrics["objective/kl"]).toBeGreaterThan(0.5);
    expect([reference, start].map(bytes)).toEqual(before);
    expect(bytes(result)).not.toBe(bytes(start));
  }, 60_000);

  it("draws answers by the run's seed, at the demo's temperature", async () => {
    const first = (await run()).events[0].metrics;
    expect((await run()).events[0].metrics).toEqual(first);
    for (const changes of [{ seed: 6 }, { temperature: 1.5 }])
      expect((await run({ ...config, ...changes })).events[0].metrics).not.toEqual(first);
  }, 60_000);
});
