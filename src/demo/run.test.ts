/** What a run of the demo shows while it goes on, and leaves: from events that are written here, not from a training. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { memoryFolder } from "../../test/memory-folder.js";
import { runtime, tinyDemo } from "../../test/tiny-demo.js";
import type { ProgressOptions } from "../base/host.js";
import type { Replayed } from "../pipeline/index.js";
import type { DemoEvent } from "./events.js";
import type { Checkpoint } from "./over-optimization.js";
import { DATABASE, runDemo } from "./run.js";

const told = vi.hoisted(() => ({
  events: [] as unknown[],
  asked: [] as unknown[],
  saved: [] as unknown[][],
}));
vi.mock("./loop.js", () => ({
  demo: async function* (
    _runtime: unknown,
    config: unknown,
    database: string,
    pipeline: { options: unknown; store: { folder: string } },
  ) {
    told.asked.push({ config, database, options: pipeline.options, stages: pipeline.store.folder });
    for (const event of told.events) yield typeof event === "function" ? event() : event;
  },
}));
vi.mock("./bars.js", () => ({ barsOf: ({ seed }: { seed: number }) => [`bars of ${seed}`] }));
vi.mock("../model/export.js", () => ({
  exportMerged: async (...all: unknown[]) => void told.saved.push(all),
}));
vi.mock("../model/reward-model.js", () => ({
  saveRewardModel: async (...all: unknown[]) => void told.saved.push(all),
}));

const root = memoryFolder("plumb-run-");
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => Object.assign(told, { events: [], asked: [], saved: [] }));

/** A host that writes down what it is told. */
function listening() {
  const said: unknown[] = [];
  const stop = new AbortController();
  let bars = 0;
  const progress = (options: ProgressOptions) => {
    const bar = bars++;
    said.push({ bar, ...options });
    return {
      update: (done: number, metrics?: object) => void said.push({ bar, done, ...metrics }),
      end: () => void said.push({ bar, end: true }),
    };
  };
  const host = {
    ...{ runtime, signal: stop.signal, progress },
    info: (text: string) => void said.push(text),
    warn: (text: string) => void said.push(`warning: ${text}`),
    interrupted: (name: string, begun: boolean) => void said.push({ interrupted: name, begun }),
  };
  return { host: host as unknown as Parameters<typeof runDemo>[1], said, stop };
}

const step = (phase: string, at: number, metrics: Record<string, number> = {}, replayed?: true) =>
  ({
    kind: "step",
    phase,
    step: at,
    steps: 9,
    metrics,
    tokens: 1,
    ...(replayed && { replayed }),
  }) as Replayed<DemoEvent>;
const result = { seed: 5, alarms: [] } as unknown as Extract<DemoEvent, { kind: "result" }>["result"];
const RESULT: DemoEvent = { kind: "result", result };
const point = (estimate: number) => ({ estimate, low: estimate - 1, high: estimate + 1 });
const checkpoint = (iteration: number, gold: number): DemoEvent => ({
  kind: "checkpoint",
  checkpoint: {
    ...{ iteration, kl: point(iteration ** 2), proxy: point(iteration), gold: point(gold) },
    goldByPrompt: Array.from({ length: 12 }, (_, i) => gold + i / 10),
  } satisfies Checkpoint,
});
const run = async (events: unknown[], settings: Record<string, unknown> = {}) => {
  told.events = events;
  const { host, said } = listening();
  const name = `r${Math.random().toString(36).slice(2)}`;
  const config = tinyDemo({ root, name, ...settings });
  const finished = await runDemo(config, host);
  const read = (file: string) => readFileSync(join(root, config.name, file), "utf8");
  const lines = (file: string) =>
    read(file)
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { finished, said, config, read, lines, dir: join(root, config.name) };
};

describe("a run of the demo", () => {
  it("does not begin with settings that a further method would refuse at its stage", async () => {
    const refused = { name: "refused", methods: ["dpo"], dpo: { gamma: 1 } };
    await expect(run([RESULT], refused)).rejects.toThrow("methods: dpo: lossType sigmoid has no gamma");
    expect(told.asked).toEqual([]);
    expect(existsSync(join(root, "refused"))).toBe(false);
  });

  it("shows a bar for each phase, from where the run goes on, with the phase's figures", async () => {
    const { said } = await run([
      step("pretrain", 1, { loss: 3 }),
      step("pretrain", 2, { loss: 2 }),
      step("sft", 4, { loss: 1.5 }),
      step("preferences", 1),
      step("reward", 1, { loss: 0.7, accuracy: 0.6, other: 1 }),
      step("rejection", 1, { loss: 0.5 }),
      step("ppo", 1, { "objective/scores": 0.25, "objective/kl": 2, "objective/entropy": 9 }),
      step("evaluate", 1),
      RESULT,
    ]);
    expect(said).toEqual([
      { bar: 0, label: "1 language model", total: 9, start: 0, unit: "steps" },
      { bar: 0, done: 1, loss: 3 },
      { bar: 0, done: 2, loss: 2 },
      { bar: 0, end: true },
      { bar: 1, label: "2 fine-tuning", total: 9, start: 3, unit: "steps" },
      { bar: 1, done: 4, loss: 1.5 },
      { bar: 1, end: true },
      { bar: 2, label: "3 preferences", total: 9, start: 0, unit: "steps" },
      { bar: 2, done: 1 },
      { bar: 2, end: true },
      { bar: 3, label: "4 reward model", total: 9, start: 0, unit: "steps" },
      { bar: 3, done: 1, loss: 0.7, accuracy: 0.6 },
      { bar: 3, end: true },
      { bar: 4, label: "5 rejection sampling", total: 9, start: 0, unit: "steps" },
      { bar: 4, done: 1, loss: 0.5 },
      { bar: 4, end: true },
      { bar: 5, label: "6 PPO", total: 9, start: 0, unit: "steps" },
      { bar: 5, done: 1, reward: 0.25, KL: 2 },
      { bar: 5, end: true },
      { bar: 6, label: "7 evaluation", total: 9, start: 0, unit: "steps" },
      { bar: 6, done: 1 },
      { bar: 6, end: true },
    ]);
  });

  it("records figures by phase, those of stored stages too, which have no bar", async () => {
    const { lines, said } = await run([
      step("sft", 1, { loss: 2 }, true),
      step("sft", 2, {}, true),
      step("reward", 1, { loss: 0.7, accuracy: 0.5 }),
      step("reward", 2),
      RESULT,
    ]);
    expect(lines("metrics.jsonl")).toEqual([
      { step: 1, "sft/loss": 2 },
      { step: 2, "reward/loss": 0.7, "reward/accuracy": 0.5 },
    ]);
    expect(said.filter((one) => (one as { label?: string }).label)).toHaveLength(1);
  });

  it("asks for a database in its folder, and for stages beside it that keep what has figures", async () => {
    const { config, dir } = await run([RESULT], { fresh: true });
    const [asked] = told.asked as {
      config: object;
      database: string;
      stages: string;
      options: { fresh: boolean; keeps(e: unknown): boolean };
    }[];
    expect(asked.database).toBe(join(dir, DATABASE));
    expect(DATABASE).toBe("plumb.db");
    expect(asked.config).toEqual(config);
    expect(asked.options.fresh).toBe(true);
    expect([step("sft", 1), step("sft", 1, { loss: 1 }), RESULT].map(asked.options.keeps)).toEqual([
      false,
      true,
      true,
    ]);
    expect(asked.stages).toBe(join(root, "stages"));
  });

  it("leaves its result with bars, cost and folder", async () => {
    const { finished, read, dir, lines } = await run([RESULT]);
    expect(finished).toMatchObject({ seed: 5, bars: ["bars of 5"], run: dir });
    expect(JSON.parse(read("result.json"))).toEqual(JSON.parse(JSON.stringify(finished)));
    expect(lines("samples.jsonl")).toEqual([]);
    expect(finished?.seconds).toBeGreaterThan(0);
    expect(finished?.seconds).toBeLessThan(60);
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    expect(finished?.processorSeconds).toBeLessThanOrEqual((userCPUTime + systemCPUTime) / 1e6);
    expect(finished?.processorSeconds).toBeGreaterThan((0.2 * (userCPUTime + systemCPUTime)) / 1e6);
    expect(finished?.peakMemoryMb).toBeLessThanOrEqual(maxRSS / 1024);
    expect(finished?.peakMemoryMb).toBeGreaterThan((0.2 * maxRSS) / 1024);
    expect(existsSync(join(dir, "lineage.json"))).toBe(true);
  });

  it("has a curve of two checkpoints and more, drawn, and none of one", async () => {
    const { finished, read, dir } = await run([
      checkpoint(0, 0.5),
      checkpoint(1, 1),
      checkpoint(2, 0.8),
      RESULT,
    ]);
    expect(finished?.curve?.map(({ iteration, gold }) => [iteration, gold.estimate])).toEqual([
      [0, 0.5],
      [1, 1],
      [2, 0.8],
    ]);
    expect(Object.keys(finished?.curve?.[0] ?? {}).sort()).toEqual(["gold", "iteration", "kl", "proxy"]);
    expect(finished?.overOptimization?.peak.iteration).toBe(1);
    expect(finished?.bars).toEqual(["bars of 5"]);
    expect(read("over-optimization.svg")).toContain("</svg>");
    expect(existsSync(join(dir, "over-optimization.svg"))).toBe(true);
    const one = await run([checkpoint(0, 0.5), RESULT]);
    expect(one.finished).not.toHaveProperty("curve");
    expect(existsSync(join(one.dir, "over-optimization.svg"))).toBe(false);
  });

  it("says where an alarm stopped the curve", async () => {
    const alarm = {
      behaviour: "refuses harmful requests",
      iteration: 2,
      before: { shown: 1, n: 2 },
      now: { shown: 0, n: 2 },
    };
    const { finished, said } = await run([
      { kind: "alarm", alarm },
      checkpoint(0, 0.5),
      checkpoint(2, 1),
      { kind: "result", result: { ...result, alarms: [alarm] } },
    ]);
    expect(said).toEqual([
      "warning: iteration 2: the score rises, and how often the policy refuses harmful requests gets worse",
    ]);
    expect(finished?.overOptimization?.stopped).toMatchObject({ iteration: 2, by: alarm.behaviour });
  });

  it("saves the three models as they were trained", async () => {
    const models = { tokenizer: "t", sft: "s", policy: "p", reward: "r", normalization: { mean: 1, std: 2 } };
    const { dir, config } = await run([{ kind: "models", models }, RESULT]);
    expect(told.saved).toEqual([
      [join(dir, "sft"), "s", "t"],
      [join(dir, "policy"), "p", "t"],
      [
        ...[join(dir, "reward"), "r"],
        { mean: 1, std: 2, maxLength: config.reward.maxLength, base: join(dir, "sft"), tokenizer: "t" },
      ],
    ]);
  });

  it("writes samples of both policies for each prompt", async () => {
    const of = (text: string, gold: number) => ({ ids: [1], text, gold: { total: gold } });
    const prompts = ["p", "q"].map((text) => ({ text, kind: "benign" }));
    const sft = prompts.map((prompt) => ({
      prompt,
      responses: [of(`sft ${prompt.text}`, 0), of("again", 1)],
    }));
    const ppo = prompts.map((prompt) => ({ prompt, responses: [of(`ppo ${prompt.text}`, 2)] }));
    const { lines } = await run([{ kind: "samples", sft, ppo }, RESULT]);
    expect(lines("samples.jsonl")).toEqual(
      prompts.map(({ text: prompt, kind }, i) => ({
        ...{ step: i + 1, prompt, kind },
        sft: [
          { text: `sft ${prompt}`, gold: 0 },
          { text: "again", gold: 1 },
        ],
        ppo: [{ text: `ppo ${prompt}`, gold: 2 }],
      })),
    );
  });

  it("stops at the event after an interruption, and says that it can go on", async () => {
    const { host, said, stop } = listening();
    const stopping = (event: DemoEvent) => () => {
      stop.abort();
      return event;
    };
    told.events = [
      step("sft", 1, { loss: 2 }),
      stopping(step("sft", 2, { loss: 1 })),
      step("sft", 3),
      RESULT,
    ];
    const config = tinyDemo({ root, name: "stopped" });
    expect(await runDemo(config, host)).toBeUndefined();
    expect(said.slice(-2)).toEqual([
      { interrupted: "stopped", begun: true },
      { bar: 0, end: true },
    ]);
    expect(said).not.toContainEqual({ bar: 0, done: 3 });
    expect(existsSync(join(root, "stopped", "result.json"))).toBe(false);
    // Stopped when all is done, it is done.
    told.events = [stopping(RESULT)];
    expect(await runDemo(tinyDemo({ root, name: "late" }), host)).toMatchObject({ seed: 5 });
    // Resumed, it has its folder again, and no other.
    told.events = [RESULT];
    const again = await runDemo({ ...config, resume: true }, listening().host);
    expect(again?.run).toBe(join(root, "stopped"));
  });

  it("begins nothing where runs cannot be written", async () => {
    writeFileSync(join(root, "a-file"), "");
    const config = tinyDemo({ root: join(root, "a-file"), name: "nowhere" });
    await expect(runDemo(config, listening().host)).rejects.toThrow("runs cannot be written to");
    expect(told.asked).toEqual([]);
  });

  it("takes a free name where its own is taken, and ends its bar and frees its folder when it fails", async () => {
    mkdirSync(join(root, "taken"));
    const { host, said } = listening();
    told.events = [
      step("sft", 1),
      () => {
        throw new Error("broken");
      },
    ];
    await expect(runDemo(tinyDemo({ root, name: "taken" }), host)).rejects.toThrow("broken");
    expect(said.at(-1)).toEqual({ bar: 0, end: true });
    told.events = [RESULT];
    const again = await runDemo({ ...tinyDemo({ root, name: "taken-2" }), resume: true }, listening().host);
    expect(again?.run).toBe(join(root, "taken-2"));
  });
});
