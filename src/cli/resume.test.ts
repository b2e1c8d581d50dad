import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Run } from "../artifacts/index.js";
import { commands } from "./command-list.js";
import { type GivenSettings, resolveConfig } from "./config-values.js";
import { resumingCommand } from "./interrupt.js";
import { readRecipe } from "./recipe.js";
import { runToResume } from "./resume.js";

const NAMES = commands.map(({ name }) => name);
/** Settings that are not the defaults, of every command whose runs can be resumed. */
const GIVEN: Record<string, string[]> = {
  demo: ["seed=3", "pairs=40", "ppo.klCoefficient=0.7", "topics={facts: 1}", "evaluateEvery=2"],
  sft: ["model=m", "data=[a.jsonl]", "lora=null", "epochs=2.5", "memoryBudget=2GB"],
  reward: ["model=m", "data=[a.jsonl, b.jsonl]", "lora.r=3", "adapter=[x]"],
  dpo: ["model=m", "data=[a.jsonl]", "lossType=robust", "labelSmoothing=0.1", "syncEvery=9"],
  kto: ["model=m", "data=[a.jsonl]", "undesirableWeight=3", "lora.r=3"],
  orpo: ["model=m", "data=[a.jsonl]", "promptLoss=true", "learningRate=0.001"],
  ppo: ["model=m", "data=[p.jsonl]", "rewardFunctions=[{module: a.mjs, weight: 2}]", "iterations=7"],
  rloo: ["model=m", "data=[p.jsonl]", "rewardModel=[r]", "klCoefficient=0.2", "groupSize=2"],
  reinforce: ["model=m", "data=[p.jsonl]", "rewardModel=[r]", "baseline=group", "groupSize=4"],
  "online-dpo": ["model=m", "data=[p.jsonl]", "rewardModel=[r]", "lossType=ipo", "beta=0.3"],
  "rejection-sampling": ["model=m", "data=[p.jsonl]", "rewardModel=[r]", "epochs=2", "iterations=3"],
  grpo: ["model=m", "data=[p.jsonl]", "rewardModel=[r]", "rewardWeights=[2]", "maxPromptLength=9"],
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "plumb-resume-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function commandOf(name: string) {
  const entry = commands.find((each) => each.name === name);
  if (entry === undefined) throw new Error(name);
  return entry.load();
}

/** Begins a run of a command with its settings. @returns them. */
async function begin(name: string, command: string) {
  const { schema, runsIn } = await commandOf(command);
  const flags = { name, [runsIn as string]: root };
  const config = resolveConfig(schema, command, { flags, set: GIVEN[command] });
  (await Run.create({ root, name, command, config: { ...config, name } })).close();
  return config;
}

/** The settings of `plumb <command> --name <name> --resume` with others. */
async function resumed(name: string, command: string, more: Partial<GivenSettings> = {}) {
  const { schema, runsIn } = await commandOf(command);
  const flags = { name, [runsIn as string]: root, resume: true };
  const given = { flags, set: [], ...more };
  const run = await runToResume(await commandOf(command), command, given, NAMES);
  return resolveConfig(schema, command, { ...given, ...(run && { run }) });
}

it("is of every command that has --resume", async () => {
  const able = await Promise.all(
    commands.map(async ({ name, load }) => ("resume" in (await load()).schema.shape ? [name] : [])),
  );
  expect(able.flat().sort()).toEqual(Object.keys(GIVEN).sort());
});

describe.each(Object.keys(GIVEN))("a run of %s that is resumed", (command) => {
  it("has the settings that it began with, and takes its config.yaml as a recipe", async () => {
    const config = await begin(`${command}-a`, command);
    const expected = { ...config, name: `${command}-a`, resume: true };
    expect(await resumed(`${command}-a`, command)).toEqual(expected);
    const recipe = await readRecipe(join(root, `${command}-a`, "config.yaml"), NAMES);
    expect(await resumed(`${command}-a`, command, { recipe })).toEqual(expected);
    const { schema } = await commandOf(command);
    expect(resolveConfig(schema, command, { flags: {}, set: [], recipe })).toEqual({
      ...expected,
      resume: false,
    });
  });

  it("is refused with a setting that differs, by name", async () => {
    const name = `${command}-b`;
    await begin(name, command);
    const config = { ...(await resumed(name, command, { set: ["seed=99"] })), name };
    const open = Run.create({ root, name, command, config, resume: true });
    await expect(open).rejects.toMatchObject({
      message: "settings differ from the run to resume: seed",
      hint: expect.stringContaining("Leave them out"),
    });
  });
});

describe("the run to resume", () => {
  it("must exist, and be one of the command", async () => {
    await begin("mine", "sft");
    await expect(resumed("mime", "sft")).rejects.toMatchObject({
      message: `there is no run mime in ${root} to resume`,
      hint: "Did you mean mine?",
    });
    await expect(resumed("mine", "ppo")).rejects.toThrow("mine is a run of `plumb sft`, not of `plumb ppo`");
    await expect(resumed("../x", "sft")).rejects.toThrow("not a valid name");
  });

  it("may be an older one: with old names of settings, and the switch with which it began", async () => {
    await begin("old", "demo");
    const file = join(root, "old", "config.yaml");
    const text = (await readFile(file, "utf8")).replace("config:\n", "config:\n  fresh: true\n");
    await writeFile(file, text.replaceAll("targetKl:", "epochKlLimit:"));
    expect(await readFile(file, "utf8")).toContain("epochKlLimit:");
    expect(await resumed("old", "demo")).toMatchObject({ fresh: false, seed: 3 });
  });

  it("is named by the command that goes on with it, also when its name was taken", () => {
    expect(resumingCommand("plumb demo --name k9 --fresh --seed 2", "k9-2")).toBe(
      "plumb demo --seed 2 --name k9-2 --resume",
    );
  });
});
