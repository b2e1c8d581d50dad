/** The training commands: what they write, and that bad input gives one clear message and leaves no run behind. */
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSafetensors } from "../../src/model/formats/safetensors.js";
import { writeSafetensors } from "../../src/model/save/index.js";
import { trainByteLevelBpe } from "../../src/text/index.js";
import { int8IsExact } from "../int8-support.js";
import { plumbHere, plumbHereDone } from "./plumb-here.js";
import { writeTinyLoop } from "./tiny-loop.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-train-"));
  await writeTinyLoop(dir);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const MODEL = ["--model", "model", "--micro-batch-size", "2", "--batch-size", "4"];
const TOKENS = Array.from({ length: 17 }, (_, i) => `<${i}>`);
const LORA = ["--set", "lora.r=2"];
const SFT = ["sft", ...MODEL, ...LORA];
const PPO = [
  "ppo",
  ...MODEL,
  ...LORA,
  "--data",
  "prompts.jsonl",
  "--max-new-tokens",
  "8",
  "--iterations",
  "2",
  "--epochs",
  "1",
];

const json = async (path: string) =>
  JSON.parse(await readFile(join(dir, path), "utf8")) as Record<string, unknown>;
const lines = async (path: string) =>
  (await readFile(join(dir, path), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const done = (args: readonly string[]) => plumbHereDone(dir, args);

describe("plumb sft", () => {
  it("lowers the held-out loss, and saves an adapter over the model itself", async () => {
    await done([...SFT, "--data", "demos.jsonl", "--name", "a", "--learning-rate", "0.01", "--epochs", "4"]);
    const result = await json("runs/a/result.json");
    const [before, after] = [result.lossBefore, result.lossAfter] as { estimate: number }[];
    expect(after.estimate).toBeLessThan(before.estimate - 0.1);

    await done([
      ...SFT,
      "--data",
      "demos.jsonl",
      "--name",
      "b",
      "--adapter",
      "runs/a/model",
      "--learning-rate",
      "1e-9",
    ]);
    const again = (await json("runs/b/result.json")) as { lossAfter: { estimate: number } };
    expect(again.lossAfter.estimate).toBeCloseTo(after.estimate, 4);
    expect(await json("runs/b/model/adapter_config.json")).toMatchObject({ r: 4, lora_alpha: 4 });

    await done([
      ...SFT,
      "--data",
      "demos.jsonl",
      "--name",
      "c",
      "--adapter",
      "runs/b/model",
      "--learning-rate",
      "1e-9",
    ]);
    const stacked = (await json("runs/c/result.json")) as { lossBefore: { estimate: number } };
    expect(stacked.lossBefore.estimate).toBeCloseTo(after.estimate, 4);
  });

  it("trains all weights, packed, from the end of one model to the start of the next", async () => {
    const args = ["--data", "demos.jsonl", "--packing", "--max-length", "64", "--batch-size", "2"];
    await done(["sft", ...MODEL, ...args, "--name", "full", "--learning-rate", "0.01", "--out", "tuned"]);
    const { lossAfter } = (await json("runs/full/result.json")) as { lossAfter: { estimate: number } };
    await done([...SFT, "--model", "tuned", "--data", "demos.jsonl", "--name", "after-full", "--json"]);
    const { lossBefore } = (await json("runs/after-full/result.json")) as {
      lossBefore: { estimate: number };
    };
    expect(lossBefore.estimate).toBeCloseTo(lossAfter.estimate, 4);
  });
});

describe("plumb reward and plumb ppo", () => {
  beforeAll(async () => {
    const reward = ["reward", ...MODEL, "--data", "pairs.jsonl", "--learning-rate", "0.01", "--epochs", "4"];
    await done([...reward, ...LORA, "--name", "rm", "--normalize-samples", "8", "--normalize-tokens", "8"]);
    await done([...reward, "--name", "rm-full"]);
    await writeFile(
      join(dir, "short.mjs"),
      "export default (responses) => responses.map(({ ids, prompt }) => (prompt.startsWith('user') ? -ids.length : NaN));\n" +
        "let calls = 0;\nexport const breaks = (responses) => responses.map(() => (calls++ < 12 ? 0 : NaN));\n",
    );
  });

  it("learns which side wins", async () => {
    for (const name of ["rm", "rm-full"]) {
      expect(await json(`runs/${name}/result.json`)).toMatchObject({
        accuracy: { estimate: 1 },
        heldOutPairs: 5,
      });
    }
    expect(await json("runs/rm/model/reward.json")).toMatchObject({ format: 1, kind: "adapter" });
  });

  it.each([
    ["a LoRA reward model", "rm"],
    ["a full reward model", "rm-full"],
  ])("starts at ratio 1 and KL 0 with %s", async (_, model) => {
    const name = `ppo-${model}`;
    await done([...PPO, "--reward-model", `runs/${model}/model`, "--name", name]);
    const [first] = await lines(`runs/${name}/metrics.jsonl`);
    expect(first["first/ratio"]).toBeCloseTo(1, 5);
    expect(first["objective/kl"]).toBeCloseTo(0, 4);
    expect(first["val/sampler_gap"]).toBeLessThan(1e-4);
    for (const file of ["reward.svg", "kl.svg", "model/adapter_model.safetensors"]) {
      expect(existsSync(join(dir, "runs", name, file))).toBe(true);
    }
    const pairs = await lines(`runs/${name}/samples-before-after.jsonl`);
    const { comparison } = (await json(`runs/${name}/result.json`)) as {
      comparison: { prompts: number; rewardAfter: { estimate: number } };
    };
    expect(pairs).toHaveLength(comparison.prompts);
    const mean = pairs.reduce((n, { after }) => n + after.reward, 0) / pairs.length;
    expect(comparison.rewardAfter.estimate).toBeCloseTo(mean, 6);
  });

  it("shows four of the responses of an iteration that has more", async () => {
    const functions = ["--reward-functions", "[{module: short.mjs}]"];
    await done([...PPO, ...functions, "--batch-size", "6", "--iterations", "1", "--name", "six"]);
    expect((await lines("runs/six/metrics.jsonl")).map(({ episode }) => episode)).toEqual([6]);
    expect((await lines("runs/six/samples.jsonl")).map(({ step }) => step)).toEqual([1, 1, 1, 1]);
  });

  it("weighs reward models and functions, and trains all weights against a frozen copy", async () => {
    const functions = "[{module: short.mjs, weight: 0.5, name: brevity}]";
    const full = PPO.filter((arg) => !LORA.includes(arg));
    const rewards = [
      "--reward-model",
      "runs/rm/model",
      "--reward-weights",
      "2",
      "--reward-functions",
      functions,
    ];
    await done([...full, ...rewards, "--name", "mixed"]);
    const [first] = await lines("runs/mixed/metrics.jsonl");
    expect(first["objective/scores"]).toBeCloseTo(
      2 * first["rewards/model"] + 0.5 * first["rewards/brevity"],
      5,
    );
    expect(first["objective/kl"]).toBeCloseTo(0, 4);
    expect(existsSync(join(dir, "runs/mixed/model/model.safetensors"))).toBe(true);

    const pairs = await lines("runs/mixed/samples-before-after.jsonl");
    for (const { after } of pairs)
      expect(after.reward).toBeCloseTo(2 * after.rewards.model + 0.5 * after.rewards.brevity, 5);
    const { comparison } = (await json("runs/mixed/result.json")) as {
      comparison: { gains: Record<string, object> };
    };
    expect(Object.keys(comparison.gains)).toEqual(["model", "brevity"]);
  });

  it("stops on the KL budget, and says so", async () => {
    const loose = [
      "--learning-rate",
      "0.05",
      "--kl-budget",
      "0.001",
      "--iterations",
      "9",
      "--warmup-ratio",
      "0",
    ];
    const ended = await done([...PPO, "--reward-model", "runs/rm/model", ...loose, "--name", "budget"]);
    expect(ended.stderr).toMatch(/stopped at step \d: KL per response .* exceeds the budget/);
    expect(await json("runs/budget/result.json")).toMatchObject({
      stopped: expect.stringContaining("budget"),
    });
  });

  it("stops on a number that is not finite, naming the step and the last good checkpoint", async () => {
    const functions = "[{module: short.mjs, export: breaks}]";
    const args = [
      "--reward-functions",
      functions,
      "--eval-prompts",
      "0",
      "--iterations",
      "5",
      "--checkpoint-every",
      "1",
    ];
    const ended = await plumbHere(dir, [...PPO, ...args, "--name", "nan"]);
    expect(ended).toMatchObject({ status: 1, stderr: expect.stringContaining("gave NaN for response 1") });
    expect(ended.stderr).toContain("The last good checkpoint is that of step 3, in runs/nan/checkpoints");
  });
});

describe("learning that cannot work is said", () => {
  const jsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const rows = (count: number, row: (i: number) => object) =>
    jsonl(Array.from({ length: count }, (_, i) => row(i)));
  const equal = (i: number) => ({ prompt: `the cat ${i}`, chosen: "sat", rejected: "sat" });
  const silent = (i: number) => ({ prompt: `the cat ${i}`, completion: "" });
  const ONCE = ["--epochs", "1"];

  beforeAll(async () => {
    await writeFile(join(dir, "constant.mjs"), "export default (responses) => responses.map(() => 1);\n");
    await writeFile(join(dir, "equal.jsonl"), rows(8, equal));
    const differs = (i: number) => ({ ...equal(i), chosen: `mat ${i}` });
    await writeFile(
      join(dir, "some-equal.jsonl"),
      rows(10, (i) => (i < 3 || i === 9 ? equal(i) : differs(i))),
    );
    await writeFile(join(dir, "silent.jsonl"), rows(8, silent));
    await writeFile(
      join(dir, "some-silent.jsonl"),
      rows(8, (i) => (i < 2 ? silent(i) : { ...silent(i), completion: "sat" })),
    );
    await writeFile(
      join(dir, "one-prompt.jsonl"),
      rows(12, () => ({ prompt: "the cat" })),
    );
  });

  it.each([
    ["ppo", [], "objective/scores_std 0"],
    ["grpo", ["--group-size", "2"], "frac_reward_zero_std 1"],
    ["rloo", ["--group-size", "2"], "frac_reward_zero_std 1"],
    ["reinforce", [], "objective/scores_std 0"],
  ])("%s with a constant reward: at the first step and at the end", async (method, more, metric) => {
    const args = [method, ...PPO.slice(1), ...more, "--reward-functions", "[{module: constant.mjs}]"];
    const { stderr } = await done([...args, "--name", `constant-${method}`]);
    expect(stderr.match(/nothing to learn from/g)).toHaveLength(1);
    expect(stderr).toContain("step 1: nothing to learn from: all responses");
    expect(stderr).toContain("none of the 2 iterations had anything to learn from: all responses");
    expect(stderr.split(metric)).toHaveLength(3);
    expect(await json(`runs/constant-${method}/result.json`)).toMatchObject({
      silent: expect.stringContaining(metric),
    });
  });

  it.each(["ppo", "rloo"])("%s says how many responses could not be scored, and goes on", async (method) => {
    await writeFile(
      join(dir, "some.mjs"),
      "export default (responses) => responses.map(({ ids }, i) => (i === 1 ? null : ids.length + i));\n",
    );
    const args = [
      method,
      ...PPO.slice(1),
      "--reward-functions",
      "[{module: some.mjs}]",
      "--name",
      `some-${method}`,
    ];
    const { stderr } = await done(args);
    expect(stderr).toContain("step 1: 1 of the responses could not be scored (response/unscorable)");
    for (const step of await lines(`runs/some-${method}/metrics.jsonl`)) {
      expect(step["response/unscorable"]).toBe(1);
      expect(Number.isFinite(step["objective/scores"])).toBe(true);
    }
  });

  it("ppo on prompts that are all equal", async () => {
    const data = ["--data", "one-prompt.jsonl", "--reward-functions", "[{module: constant.mjs}]"];
    const { stderr } = await done([...PPO, ...data, "--iterations", "1", "--name", "one-prompt"]);
    expect(stderr).toContain("all 12 prompts are the same");
    expect(
      (await done([...PPO, ...data.slice(2), "--iterations", "1", "--name", "prompts"])).stderr,
    ).not.toContain("are the same");
  });

  it("reward on pairs whose sides are equal: some are counted", async () => {
    const { stderr } = await done([
      "reward",
      ...MODEL,
      ...ONCE,
      "--data",
      "some-equal.jsonl",
      "--name",
      "equal",
    ]);
    expect(stderr).toContain("in 3 of 8 pairs chosen and rejected are the same");
    expect(stderr).toContain("in 1 of 2 held-out pairs they are the same");
  });

  it("sft on answers of which some are empty", async () => {
    const { stderr } = await done([...SFT, ...ONCE, "--data", "some-silent.jsonl", "--name", "silent"]);
    expect(stderr).toContain("the answers of 2 of 8 demonstrations are empty");
  });

  it.each([
    [
      ["reward", ...MODEL, "--data", "equal.jsonl"],
      "in every pair to train on, chosen and rejected are the same",
    ],
    [[...SFT, "--data", "silent.jsonl"], "the answers of all 8 demonstrations are empty"],
  ])("and refused where nothing is left: %j", async (args, message) => {
    const ended = await plumbHere(dir, [...args, "--name", "refused"]);
    expect(ended).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
    expect(existsSync(join(dir, "runs/refused"))).toBe(false);
  });
});

describe("bad input gives one message, a status that is not 0, and no run", () => {
  beforeAll(async () => {
    const row = await readFile(join(dir, "demos.jsonl"), "utf8");
    await writeFile(join(dir, "empty.jsonl"), "");
    await writeFile(join(dir, "bad.jsonl"), `${row.split("\n")[0]}\n{"messages": 3}\n`);
    await writeFile(join(dir, "long.jsonl"), `${JSON.stringify({ prompt: "word ".repeat(200) })}\n`);
    await cp(join(dir, "model"), join(dir, "nan-model"), { recursive: true });
    await damageWeights("nan-model");
    await cp(join(dir, "model"), join(dir, "cut-model"), { recursive: true });
    const bytes = await readFile(join(dir, "model/model.safetensors"));
    await writeFile(join(dir, "cut-model/model.safetensors"), bytes.subarray(0, bytes.length - 100));
    await cp(join(dir, "model"), join(dir, "other-tokens"), { recursive: true });
    const larger = trainByteLevelBpe(["the cat sat on the mat ".repeat(9)], {
      vocabSize: 280,
      specialTokens: TOKENS,
    });
    await writeFile(join(dir, "other-tokens/tokenizer.json"), JSON.stringify(larger));
    await writeFile(join(dir, "reward.ts"), "export default () => [];\n");
    await writeFile(join(dir, "rule.mjs"), "export default (responses) => responses.map(() => 0);\n");
    await writeFile(join(dir, "throws.mjs"), "export default (responses) => responses.all.length;\n");
  });

  /** Puts a NaN into the first weight. */
  async function damageWeights(model: string): Promise<void> {
    const path = join(dir, model, "model.safetensors");
    const file = await openSafetensors(path);
    const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
    for (const name of file.names())
      tensors.set(name, { shape: file.shape(name), data: await file.read(name) });
    await file.close();
    for (const { data } of tensors.values()) data[0] = Number.NaN;
    await rm(path);
    await writeSafetensors(path, tensors, "F32");
  }

  const RULE = ["--reward-functions", "[{module: rule.mjs}]"];
  const cases: [string, string[], number, RegExp][] = [
    ["an empty dataset", [...SFT, "--data", "empty.jsonl"], 1, /empty\.jsonl.*(no rows|empty)/],
    ["a malformed row", [...SFT, "--data", "bad.jsonl"], 1, /bad\.jsonl, line 2: field "messages"/],
    [
      "an unknown key",
      [...SFT, "--data", "demos.jsonl", "--set", "lora.rnk=3"],
      2,
      /unknown setting "lora\.rnk"/,
    ],
    [
      "an unknown flag",
      [...SFT, "--data", "demos.jsonl", "--lerning-rate", "3"],
      2,
      /Did you mean --learning-rate/,
    ],
    ["NaN weights", [...SFT, "--model", "nan-model", "--data", "demos.jsonl"], 1, /holds NaN or an infinity/],
    [
      "a truncated weight file",
      [...SFT, "--model", "cut-model", "--data", "demos.jsonl"],
      1,
      /model\.safetensors/,
    ],
    [
      "a tokenizer of another model",
      [...SFT, "--model", "other-tokens", "--data", "demos.jsonl"],
      1,
      /tokenizer/,
    ],
    ["data that is no preference", ["reward", ...MODEL, "--data", "demos.jsonl"], 1, /preferences/],
    [
      "prompts longer than the context",
      [...PPO, "--data", "long.jsonl", ...RULE],
      1,
      /longer than 56 tokens/,
    ],
    [
      "a long prompt that must not be skipped",
      [...PPO, "--data", "long.jsonl", "--long-prompts", "error", ...RULE],
      1,
      /long\.jsonl, line 1: the prompt has \d+ tokens; at most 56 fit/,
    ],
    ["nothing to optimise", PPO, 1, /nothing to optimise/],
    [
      "a reward function in TypeScript",
      [...PPO, "--reward-functions", "[{module: reward.ts}]"],
      1,
      /Compile it first/,
    ],
    [
      "a reward function that throws",
      [...PPO, "--reward-functions", "{module: throws.mjs, weight: 2}"],
      1,
      /throws\.mjs.*: the reward function "throws" threw TypeError: /,
    ],
    ["a folder that is no reward model", [...PPO, "--reward-model", "model"], 1, /not a reward model/],
    ["a place that is taken", [...SFT, "--data", "demos.jsonl", "--out", "model"], 1, /model is not empty/],
  ];

  it.each(cases)("%s", async (_, args, status, message) => {
    const ended = await plumbHere(dir, [...args, "--name", "bad"]);
    expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status, stdout: "" });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr.match(/error:/g)).toHaveLength(1);
    expect(existsSync(join(dir, "runs/bad"))).toBe(false);
  });
});

describe("a base in 8 bits", () => {
  const INT8 = ["--base", "int8", "--base-error", "0.2"];

  it.skipIf(!int8IsExact)(
    "trains adapters that fit the model as it came, and reports the error",
    async () => {
      const args = ["--data", "demos.jsonl", "--learning-rate", "0.01", "--epochs", "4"];
      await done([...SFT, ...INT8, ...args, "--name", "int8"]);
      const { base, lossBefore, lossAfter } = (await json("runs/int8/result.json")) as {
        base: { kind: string; int8: { klPerToken: number; gradientCosine: number } };
        lossBefore: { estimate: number };
        lossAfter: { estimate: number };
      };
      expect(base.kind).toBe("int8");
      expect(base.int8.klPerToken).toBeGreaterThan(0);
      expect(base.int8.klPerToken).toBeLessThan(0.2);
      expect(base.int8.gradientCosine).toBeGreaterThan(0.98);
      expect(lossAfter.estimate).toBeLessThan(lossBefore.estimate - 0.1);

      // The same adapter over the exact model.
      await done([...SFT, "--data", "demos.jsonl", "--name", "on-f32", "--adapter", "runs/int8/model"]);
      const exact = (await json("runs/on-f32/result.json")) as { lossBefore: { estimate: number } };
      expect(Math.abs(exact.lossBefore.estimate - lossAfter.estimate)).toBeLessThan(0.1);
    },
  );

  it.skipIf(!int8IsExact)(
    "is shared by policy, sampler, reference and reward model: PPO starts at ratio 1 and KL 0",
    async () => {
      await done([...PPO, ...INT8, "--reward-model", "runs/rm/model", "--name", "ppo-int8"]);
      const [first] = await lines("runs/ppo-int8/metrics.jsonl");
      expect(first["first/ratio"]).toBeCloseTo(1, 5);
      expect(first["objective/kl"]).toBeCloseTo(0, 4);
      expect(await json("runs/ppo-int8/result.json")).toMatchObject({ base: { kind: "int8" } });
    },
  );

  it.skipIf(!int8IsExact)(
    "is refused where it is not exact enough; auto takes f32 then, and says so",
    async () => {
      const strict = [...SFT, "--data", "demos.jsonl", "--base-error", "1e-12", "--name", "strict"];
      const refused = await plumbHere(dir, [...strict, "--base", "int8"]);
      expect(refused.status).toBe(1);
      expect(refused.stderr).toMatch(/the base in 8 bits would have KL .* at most 1e-12 .* are required/);
      expect(existsSync(join(dir, "runs/strict"))).toBe(false);
      const auto = await plumbHere(dir, [...strict, "--base", "auto"]);
      expect(auto.status).toBe(0);
      expect(auto.stderr).toMatch(/base in f32: in 8 bits it would have KL/);
      expect(await json("runs/strict/result.json")).toMatchObject({ base: { kind: "f32" } });
    },
  );

  it("is refused where all weights are to be trained", async () => {
    const { status, stderr } = await plumbHere(dir, [
      "sft",
      ...MODEL,
      "--data",
      "demos.jsonl",
      "--base",
      "int8",
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/a base in 8 bits cannot be trained itself/);
  });
});
