import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { grouped, inGroup } from "../base/setting-groups.js";
import { configOptions, nestedSettingsHelp } from "./config-options.js";
import { resolveConfig } from "./config-values.js";
import { readRecipe } from "./recipe.js";
import { settingKey, settingsOf } from "./settings.js";

const schema = z.object({
  model: z.string().describe("the model's folder"),
  learningRate: z.number().positive().max(1).default(1e-5).describe("AdamW's step size"),
  steps: z.number().int().min(1).default(10).describe("updates"),
  shuffle: z.boolean().default(true).describe("shuffle the rows"),
  resume: z.boolean().default(false).describe("go on"),
  schedule: z.enum(["linear", "cosine"]).default("linear").describe("of the rate"),
  layers: z.array(z.number().int()).optional().describe("which layers"),
  klTarget: z
    .union([z.number(), z.literal("off")])
    .default("off")
    .describe("target"),
  lora: z
    .object({
      rank: z.number().int().min(1).default(8).describe("rank"),
      targets: z.array(z.string()).default(["q", "v"]).describe("modules"),
    })
    .prefault({})
    .describe("low-rank adapters"),
  rewards: z.record(z.string(), z.number()).optional().describe("weights"),
  topics: z
    .partialRecord(z.enum(["facts", "harm"]), z.number())
    .optional()
    .describe("shares"),
});

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-config-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function recipe(text: string) {
  await writeFile(join(dir, "r.yaml"), text);
  return readRecipe(join(dir, "r.yaml"), ["sft", "ppo"]);
}

const resolve = (given: Partial<Parameters<typeof resolveConfig>[2]>) =>
  resolveConfig(schema, "ppo", { flags: { model: "m" }, set: [], ...given });

describe("resolveConfig", () => {
  it("takes flags before --set before the recipe before defaults", async () => {
    const given = await recipe(
      "# plumb ppo r.yaml\nppo:\n  steps: 1\n  learningRate: 1e-3\n  lora: {rank: 2}\nsft:\n  steps: 99\n",
    );
    expect(resolve({ recipe: given })).toMatchObject({ steps: 1, learningRate: 1e-3, schedule: "linear" });
    expect(resolve({ recipe: given }).lora).toEqual({ rank: 2, targets: ["q", "v"] });
    const set = ["steps=2", "learningRate=0.5", "lora.targets=[k]"];
    expect(resolve({ recipe: given, set })).toMatchObject({ steps: 2, lora: { rank: 2, targets: ["k"] } });
    const flags = { model: "m", steps: "3" };
    expect(resolve({ recipe: given, set, flags })).toMatchObject({ steps: 3, learningRate: 0.5 });
  });

  it("gives flags and --set the types of their settings", () => {
    const flags = { model: "123", layers: "1,2", klTarget: "6", shuffle: false };
    expect(resolve({ flags })).toMatchObject({ model: "123", layers: [1, 2], klTarget: 6, shuffle: false });
    expect(resolve({ set: ["model=7", "rewards.length=0.5", "klTarget=off"] })).toMatchObject({
      model: "m",
      rewards: { length: 0.5 },
      klTarget: "off",
    });
  });

  it.each([
    [{ flags: { model: "m", steps: "ten" } }, '--steps: setting "steps" expected a finite number, got "ten"'],
    [{ flags: { model: "m", steps: "1.5" } }, '--steps: setting "steps" expected a whole number, got 1.5'],
    [
      { flags: { model: "m", learningRate: "0" } },
      '--learning-rate: setting "learningRate" expected more than 0, got 0',
    ],
    [
      { set: ["topics={fact: 1, harm: 1}"] },
      '--set topics: setting "topics" expected no key "fact", got an object',
    ],
    [
      { set: ["schedule=cosin"] },
      '--set schedule: setting "schedule" expected one of "linear", "cosine", got "cosin" (did you mean "cosine"?)',
    ],
    [{ set: ["lora.rank=-1"] }, '--set lora.rank: setting "lora.rank" expected at least 1, got -1'],
    [{ set: ["steps"] }, "--set steps: expected key=value"],
    [{ set: ["steps=[1"] }, '--set steps: "[1" is not a YAML value'],
    [{ set: ["__proto__.x=1"] }, 'unknown setting "__proto__"'],
    [{ flags: {} }, 'setting "model" is missing; expected text'],
  ])("names the source, the setting and what was expected: %j", (given, message) => {
    expect(() => resolve(given)).toThrow(message);
    expect(() => resolve(given)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it.each([
    [["stesp=1"], 'Did you mean "steps"?'],
    [["lora.rnk=1"], 'Did you mean "lora.rank"?'],
    [["lora={rnk: 1}"], 'Did you mean "lora.rank"?'],
  ])("suggests the nearest setting for %j", (set, hint) => {
    expect(() => resolve({ set })).toThrow(expect.objectContaining({ hint }));
  });

  it("names every fault of a recipe and of --set", async () => {
    const faulty = await recipe("ppo:\n  stesp: 1\n  lora:\n    rnk: 3\n  learningRate: -1\n");
    expect(() => resolve({ recipe: faulty, set: ["frob=1", "steps"] })).toThrow(
      expect.objectContaining({
        exitCode: 2,
        hint: undefined,
        message: expect.stringMatching(
          new RegExp(
            [
              'r\\.yaml, line 2: unknown setting "stesp" \\(did you mean "steps"\\?\\)',
              'r\\.yaml, line 4: unknown setting "lora\\.rnk" \\(did you mean "lora\\.rank"\\?\\)',
              '--set frob: unknown setting "frob" \\(known here: .*\\)',
              "--set steps: expected key=value, such as --set seed=7",
              '[^\n]*line 5: setting "learningRate" expected more than 0, got -1',
            ].join("\n[^\n]*"),
          ),
        ),
      }),
    );
  });

  it("does not call a setting missing that was given under a wrong name", () => {
    expect(() => resolve({ set: ["modle=m"], flags: {} })).toThrow(
      expect.objectContaining({
        message: '--set modle: unknown setting "modle"',
        hint: 'Did you mean "model"?',
      }),
    );
  });

  it("names every setting that is missing, and where to give them", () => {
    const two = z.object({ model: z.string(), data: z.string(), steps: z.number().default(1) });
    expect(() => resolveConfig(two, "sft", { flags: {}, set: [] })).toThrow(
      expect.objectContaining({
        message: 'setting "model" is missing; expected text\nsetting "data" is missing; expected text',
        hint: "Give --model and --data, or model: and data: in the sft: section of a recipe.",
      }),
    );
  });

  it("names the line of a recipe's unknown or wrong setting", async () => {
    const unknown = await recipe("ppo:\n  steps: 1\n  lora:\n    rnk: 3\n");
    expect(() => resolve({ recipe: unknown })).toThrow(/r\.yaml, line 4: unknown setting "lora\.rnk"/);
    const wrong = await recipe("ppo:\n  steps: 1\n  lora:\n    rank: x\n");
    expect(() => resolve({ recipe: wrong })).toThrow(
      /r\.yaml, line 4: setting "lora\.rank" expected a finite number/,
    );
  });
});

it("a recipe's key that was renamed says its new name and its line", async () => {
  const renamed = z.object({
    warmupRatio: z.number().default(0),
    sft: z.object({ targetKl: z.number() }).optional(),
  });
  const refuse = async (text: string) =>
    resolveConfig(renamed, "ppo", { flags: {}, set: [], recipe: await recipe(text) });
  await expect(refuse("ppo:\n  warmupShare: 0.1\n")).rejects.toThrow(
    /r\.yaml, line 2: "warmupShare" has been renamed to "warmupRatio"/,
  );
  await expect(refuse("ppo:\n  sft:\n    epochKlLimit: 0.1\n")).rejects.toThrow(
    /r\.yaml, line 3: "sft\.epochKlLimit" has been renamed to "sft\.targetKl"/,
  );
  // A command that has no such setting knows nothing of it.
  expect(() => resolve({ set: ["warmupShare=1"] })).toThrow('unknown setting "warmupShare"');
});

it("settings come by groups: required, then as the groups stand; the schema's order within", () => {
  const ordered = z.object({
    beta: z.number().default(1).meta({ group: "optimiser" }),
    clip: z.number().default(1),
    rate: z.number().default(1).meta({ group: "training" }),
    data: z.string().meta({ group: "files" }),
    ...inGroup("files", { out: z.string().optional().describe("where"), name: z.string().optional() }),
    part: grouped(z.object({ gamma: z.number().default(1), steps: z.number().default(1) }), {
      training: ["steps"],
    }).prefault({}),
  });
  const keys = settingsOf(ordered).map(settingKey);
  expect(keys).toEqual(["data", "out", "name", "rate", "clip", "part.steps", "part.gamma", "beta"]);
  expect(configOptions(ordered).map(({ helpGroupHeading }) => helpGroupHeading)).toEqual([
    "Required:",
    "Input and output:",
    "Input and output:",
    "Training:",
    "Settings:",
    "Optimiser:",
  ]);
  expect(configOptions(ordered)[1].description).toBe("where");
});

describe("a list of objects", () => {
  const listed = z.object({
    functions: z.array(z.object({ module: z.string(), weight: z.number().default(1) })).default([]),
  });
  const resolve = (functions: string) => resolveConfig(listed, "train", { flags: { functions }, set: [] });

  it("is given as YAML, a single object also without its brackets", () => {
    expect(resolve("{module: a.mjs, weight: 2}").functions).toEqual([{ module: "a.mjs", weight: 2 }]);
    expect(resolve("[{module: a.mjs}, {module: b.mjs}]").functions).toHaveLength(2);
  });

  it("names an unknown key of an item, wherever it was given", async () => {
    const message = 'unknown setting "functions[0].modul"';
    expect(() => resolve("[{modul: a.mjs}]")).toThrow(`--functions: ${message}`);
    expect(() => resolveConfig(listed, "train", { flags: {}, set: ["functions=[{modul: a}]"] })).toThrow(
      `--set functions: ${message}`,
    );
    const read = await recipe("ppo:\n  functions:\n    - modul: a\n");
    expect(() => resolveConfig(listed, "ppo", { flags: {}, set: [], recipe: read })).toThrow(
      `line 2: ${message}`,
    );
  });

  it("shows the form that works", () => {
    const hint = (given: string) => {
      try {
        resolve(given);
      } catch (error) {
        return (error as { hint?: string }).hint;
      }
    };
    expect(hint("vow.mjs")).toBe("Write a list of objects, such as --functions '[{module: vow.mjs}]'");
    expect(hint("[{weight: 2}]")).toBe("Write a list of objects, such as --functions '[{module: ...}]'");
    expect(hint("[{modul: a}]")).toBe('Did you mean "functions[0].module"?');
  });
});

describe("readRecipe", () => {
  it.each([
    ["ppo: [1", /r\.yaml, line \d+: /],
    ["- a", /expected sections of settings/],
    ["pppo:\n  a: 1", /line 1: there is no command "pppo"/],
    ["ppo: 3", /line 1: section "ppo" holds no settings/],
    ["ppo:\n  a: 1\n  a: 2", /line 3: Map keys must be unique/],
  ])("refuses %j", async (text, message) => {
    await expect(recipe(text)).rejects.toThrow(message);
  });

  it("names every section that is wrong", async () => {
    await expect(recipe("foo: 1\nsfft:\n  a: 1\nppo: 3\n")).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /line 1: there is no command "foo".*\n.*line 2: there is no command "sfft".*\n.*line 4: section "ppo" holds no/,
        ),
        hint: 'Did you mean "sft" for "sfft"?',
      }),
    );
    await expect(recipe("foo: 1")).rejects.toThrow(
      expect.objectContaining({ hint: "Expected one of: sft, ppo." }),
    );
  });

  it.each([
    ["ppo:\n  a: b: c", /r\.yaml, line 2: Nested mappings are not allowed in compact mappings$/, /in quotes/],
    ["ppo:\n\ta: 1", /r\.yaml, line 2: .*[^:]$/, /spaces/],
    ["ppo:\n  a: [1\nsft: 'x", /r\.yaml, line \d: .*\n.*r\.yaml, line \d: .*[^:]$/s, /Close|alike/],
  ])("says what is no YAML in %j, whole and with a hint", async (text, message, hint) => {
    await expect(recipe(text)).rejects.toThrow(
      expect.objectContaining({ message: expect.stringMatching(message), hint: expect.stringMatching(hint) }),
    );
  });

  it("says which sections there are when the command's is missing", async () => {
    const other = await recipe("sft:\n  steps: 1\n");
    expect(() => resolve({ recipe: other })).toThrow(expect.objectContaining({ hint: "It has: sft." }));
  });
});

it("help names every setting with its range and default", () => {
  const shown = configOptions(schema).filter((option) => !option.hidden);
  const help = shown.map((option) => `${option.flags}  ${option.description}`);
  expect([...help, ...nestedSettingsHelp(schema).map((row) => row.join("  "))]).toMatchInlineSnapshot(`
    [
      "--model <text>  the model's folder (required)",
      "--learning-rate <x>  AdamW's step size (> 0, at most 1; default 1e-5)",
      "--steps <n>  updates (at least 1; default 10)",
      "--no-shuffle  turns off: shuffle the rows",
      "--resume  go on",
      "--schedule <linear|cosine>  of the rate (default linear)",
      "--layers <a,b>  which layers",
      "--kl-target <value>  target (default off)",
      "--rewards <yaml>  weights",
      "--topics <yaml>  shares",
      "lora.rank=n  rank (at least 1; default 8)",
      "lora.targets=a,b  modules (default ["q", "v"])",
    ]
  `);
});
