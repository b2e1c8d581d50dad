import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { memoryOf } from "../../../test/buffers.js";
import { memoryFolder } from "../../../test/memory-folder.js";
import { spread } from "../../../test/spread.js";
import { runtime, tinyDemo, tinyPipeline } from "../../../test/tiny-demo.js";
import type { DemoConfig } from "../config.js";
import type { DemoResult } from "../events.js";
import { demo } from "../loop.js";
import { weightsOf } from "../training.js";
import { planDemo } from "./index.js";

const dir = memoryFolder("plumb-demo-stages-");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ALL = [
  ...["pretrain", "sft", "candidates", "preferences", "held-out-pairs", "baseline", "reward", "reward-check"],
  ...["rejection", "ppo", "evaluation"],
];
const keysOf = (config: DemoConfig): Map<string, string> => {
  const {
    batches: _,
    methods,
    ...stages
  } = planDemo(runtime, config, join(dir, "none.db"), tinyPipeline(join(dir, "none")));
  const all = [...Object.values(stages), ...methods.map(({ stage }) => stage)];
  return new Map(all.map(({ name, key }) => [name, key]));
};
/** The stages that another setting makes anew. */
const changedBy = (changes: object, base: object = {}): string[] => {
  const [before, after] = [keysOf(tinyDemo(base)), keysOf(tinyDemo({ ...base, ...changes }))];
  return [...before].flatMap(([name, key]) => (after.get(name) === key ? [] : [name]));
};
const from = (stage: string): string[] => ALL.slice(ALL.indexOf(stage));

describe("the demo's stages", () => {
  it("are made anew by exactly the settings that they depend on", () => {
    expect([...keysOf(tinyDemo()).keys()]).toEqual(ALL);
    expect(changedBy({ seed: 6 })).toEqual(ALL);
    expect(changedBy({ name: "other", root: "elsewhere", fresh: true, resume: true })).toEqual([]);
    expect(changedBy({ corpusTokens: 4001 })).toEqual(ALL);
    expect(changedBy({ demonstrations: 65 })).toEqual(ALL);
    expect(changedBy({ sft: { epochs: 2 } })).toEqual(from("sft"));
    expect(changedBy({ topics: { facts: 1 } })).toEqual(
      from("candidates").filter((name) => name !== "baseline"),
    );
    expect(changedBy({ pairs: 65 })).toEqual(
      from("candidates").filter((name) => !["held-out-pairs", "baseline"].includes(name)),
    );
    const afterVotes = ["preferences", ...from("reward")];
    expect(changedBy({ raters: "poisoned" })).toEqual(afterVotes);
    expect(changedBy({ aggregate: "majority" })).toEqual(afterVotes);
    // Of the people on held-out pairs, those of this pool are others.
    expect(changedBy({ raters: "length-loving" })).toEqual([
      ...["preferences", "held-out-pairs"],
      ...from("reward"),
    ]);
    expect(changedBy({ heldOutVotes: 5 })).toEqual(["held-out-pairs", "reward-check"]);
    expect(changedBy({ split: "develop" })).toEqual([
      "held-out-pairs",
      "baseline",
      "reward-check",
      "evaluation",
    ]);
    expect(changedBy({ reward: { epochs: 2 } })).toEqual(from("reward"));
    expect(changedBy({ rejection: { epochs: 3 } })).toEqual(from("rejection"));
    expect(changedBy({ rejection: { epochs: 3 } }, { ppoFrom: "sft" })).toEqual(["rejection", "evaluation"]);
    expect(changedBy({ ppo: { klCoefficient: 0 } })).toEqual(["ppo", "evaluation"]);
    expect(changedBy({ ppo: { maxNewTokens: 5 } })).toEqual(from("candidates"));
    expect(changedBy({ evaluateEvery: 1 })).toEqual(["ppo", "evaluation"]);
    expect(changedBy({ split: "develop" }, { evaluateEvery: 1 })).toContain("ppo");
    expect(changedBy({ bestOf: 4 })).toEqual(["baseline", "evaluation"]);
  });
});

const STOPS = [
  { phase: "pretrain", step: 3 },
  { phase: "sft", step: 2 },
  { phase: "reward", step: 3 },
  { phase: "rejection", step: 2 },
  { phase: "ppo", step: 2 },
  { phase: "ppo", step: 3 },
];

describe("a demo that is interrupted in stages that train", () => {
  const config = tinyDemo({
    ...{ topics: { facts: 1, harmful: 1 }, temperatures: [0.5], samplesPerPrompt: 1, bestOf: 2 },
    ...{ evaluateEvery: 1, pretrain: { batchSize: 8 }, sft: { epochs: 2, batchSize: 4, microBatchSize: 4 } },
    ...{ reward: { batchSize: 8, microBatchSize: 8 }, rejection: { batchSize: 4, microBatchSize: 4 } },
    ppo: { iterations: 3 },
  });

  /** Runs to a step of a phase, or to the end. @returns what the run came to, as text. */
  async function runUntil(
    stages: string,
    stop?: { phase: string; step: number },
  ): Promise<string | undefined> {
    const said: string[] = [];
    const pipeline = tinyPipeline(join(dir, stages), { checkpointSeconds: 0, said });
    let result: DemoResult | undefined;
    const kept: unknown[] = [];
    for await (const event of demo(runtime, config, join(dir, `${stages}.db`), pipeline)) {
      if (event.kind === "step" && !event.replayed && event.phase === stop?.phase && event.step === stop.step)
        break;
      if (event.kind === "models") {
        for (const network of [event.models.sft, event.models.reward, event.models.policy])
          kept.push(
            [...weightsOf(network)].map(([name, buffer]) => [
              name,
              createHash("sha256").update(memoryOf(buffer)).digest("hex"),
            ]),
          );
        kept.push(event.models.normalization, Object.keys(event.models.tokenizer.files));
      } else if (event.kind === "result") result = event.result;
      else if (event.kind !== "step" || Object.keys(event.metrics).length > 0) {
        const { replayed: _, ...own } = event;
        kept.push(own);
      }
    }
    await pipeline.drain();
    if (result === undefined) return undefined;
    expect((await pipeline.settle()).map(({ manifest }) => manifest.stage)).toEqual(ALL);
    return JSON.stringify([result, kept]);
  }

  it("ends with the same bytes: figures, metrics, samples and models", async () => {
    const whole = await runUntil("whole");
    for (const stop of spread("stops", STOPS, 2, [STOPS[4]]))
      expect(await runUntil("parts", stop), stop.phase).toBeUndefined();
    const parts = await runUntil("parts");
    expect(parts).toBe(whole);
    expect(readFileSync(join(dir, "parts.db")).length).toBeGreaterThan(10_000);
    // All of it is stored now: the same again, from files alone.
    expect(await runUntil("parts")).toBe(whole);
  }, 240_000);
});
