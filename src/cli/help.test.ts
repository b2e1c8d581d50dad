import { afterEach, describe, expect, it, vi } from "vitest";
import { groupRank } from "../base/setting-groups.js";
import { commands } from "./command-list.js";
import { runProgram } from "./program.js";
import { flagName, settingKey, settingsOf } from "./settings.js";

/** What `plumb <args>` writes to stdout, line by line. */
async function helpOf(...args: string[]): Promise<string[]> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((part) => {
    text += part;
    return true;
  });
  expect(await runProgram([...args, "--help"], commands, "0.0.0")).toBe(0);
  vi.restoreAllMocks();
  return text.split("\n");
}

/** Headings and flags of a help, in their order. */
function outline(lines: readonly string[]): string[] {
  const options = lines.slice(0, lines.indexOf("Global Options:"));
  return options.flatMap((line) => /^[A-Z][^.]*(?=:$)|(?<=^ {2}(?:-h, )?)--[\w-]+/.exec(line)?.[0] ?? []);
}

/** What `plumb <args>` writes to stderr; its command line is refused. */
async function refused(...args: string[]): Promise<string> {
  let text = "";
  vi.spyOn(process.stderr, "write").mockImplementation((part) => {
    text += part;
    return true;
  });
  expect(await runProgram(args, commands, "0.0.0")).toBe(2);
  return text;
}

afterEach(() => vi.restoreAllMocks());

describe("plumb --help", () => {
  it("fits 80 columns", async () => {
    expect((await helpOf()).filter((line) => line.length > 80)).toEqual([]);
  });

  it.each(commands.map(({ name }) => name))("%s: fits 80 columns, required settings first", async (name) => {
    const lines = await helpOf(...name.split(" "));
    const examples = lines.indexOf("Examples:");
    expect(examples).toBeGreaterThan(0);
    expect(lines.slice(0, examples).filter((line) => line.length > 80)).toEqual([]);
    const { schema } = (await commands.find((entry) => entry.name === name)?.load()) ?? expect.unreachable();
    const undescribed = settingsOf(schema).filter(({ description }) => !description);
    expect(undescribed.map(settingKey)).toEqual([]);
    const settings = settingsOf(schema).filter(({ path }) => path.length === 1);
    const ranks = settings.map(({ required, group }) => groupRank(required ? "required" : group));
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    const flags = outline(lines).filter((word) => word.startsWith("--"));
    const shown = settings.map(({ path, type, default: value }) => {
      const flag = flagName(path[0]);
      return type === "boolean" && value === true ? flag.replace("--", "--no-") : flag;
    });
    expect(flags.slice(0, shown.length)).toEqual(shown);
  });

  it("of a method opens with what must be given, then what is set most, then the method", async () => {
    const found = outline(await helpOf("ppo"));
    expect(found.filter((word) => !word.startsWith("--"))).toEqual([
      "Arguments",
      "Required",
      "Input and output",
      "Training",
      "Settings",
      "Sampling",
      "Optimiser",
      "Run and resume",
      "Memory and speed",
      "Recipes and help",
    ]);
    expect(found.slice(1, 4)).toEqual(["Required", "--model", "--data"]);
    const inOrder = (a: string, b: string) =>
      expect(found.indexOf(a), `${a}, ${b}`).toBeLessThan(found.indexOf(b));
    inOrder("--out", "--learning-rate");
    inOrder("--iterations", "--gamma");
    inOrder("--gamma", "--temperature");
    inOrder("--temperature", "--beta1");
    inOrder("--beta1", "--resume");
    inOrder("--resume", "--memory-budget");
  });
});

it.each(["ppo", "grpo", "rloo", "reinforce", "online-dpo", "rejection-sampling"])(
  "the help of %s says what a reward function takes and gives",
  async (name) => {
    const text = (await helpOf(name)).join(" ").replace(/\s+/g, " ");
    expect(text).toContain("a list of { prompt, meta, response, ids, finishReason }");
    expect(text).toContain("returns a number for each");
  },
);

describe("settings that do not go together", () => {
  it.each([
    [["grpo", "--batch-size", "6", "--group-size", "4"], "must be a multiple of groupSize (4), got 6"],
    [
      ["ppo", "--missing-eos-penalty", "1", "--missing-eos-score", "0"],
      'setting "missingEosScore" cannot be given together with missingEosPenalty',
    ],
    [["rloo", "--batch-size", "6", "--group-size", "4"], "must be a multiple of groupSize (4), got 6"],
    [["grpo", "--group-size", "7"], "must be a multiple of groupSize (7), got 64\n"],
    [["grpo", "--batch-size", "8", "--mini-batches", "3"], "must be a multiple of miniBatches (3), got 8"],
    [["ppo", "--batch-size", "8", "--mini-batches", "3"], "must be a multiple of miniBatches (3), got 8"],
    [
      ["demo", "--set", "ppo.miniBatches=5"],
      'setting "ppo.batchSize" must be a multiple of miniBatches (5), got ',
    ],
  ])("are refused before the model is opened: %j", async (args, message) => {
    const given = args[0] === "demo" ? [] : ["--model", "/none", "--data", "/none.jsonl"];
    expect(await refused(...args, ...given)).toContain(message);
  });
});

describe("a flag that is not one", () => {
  it("is answered with the nearest one, of whatever group", async () => {
    expect(await refused("ppo", "--itertions", "3")).toContain("Did you mean --iterations?");
    expect(await refused("ppo", "--bata1", "0.5")).toContain("Did you mean --beta1?");
    expect(await refused("generate", "--temprature", "0")).toContain("Did you mean --temperature?");
  });

  it.each([
    [["sft", "--lr", "3"], "Did you mean --learning-rate?"],
    [["sft", "--bs=3"], "Did you mean --batch-size?"],
    [["sft", "--iterations", "3"], "Did you mean --epochs?"],
    [["grpo", "--kl", "0"], "Did you mean --beta?"],
    [["ppo", "--steps", "3"], "Did you mean --iterations?"],
    [["sft", "--no-completion_only"], "Did you mean --no-completion-only?"],
    [["sft", "--jsn"], "Did you mean --json?"],
    [["demo", "--iterations", "3"], "Did you mean --set ppo.iterations=3 or --set grpo.iterations=3?"],
    [["demo", "--itertions=3"], "Did you mean --set ppo.iterations=3 or --set grpo.iterations=3?"],
    [
      ["demo", "--lr", "0.1"],
      "Did you mean --set pretrain.learningRate=0.1, --set sft.learningRate=0.1, --set ",
    ],
    [["demo", "--set", "iterations=3"], 'Did you mean "ppo.iterations" or "grpo.iterations"?'],
    [["sft", "--model", "m", "--set", "lora.rank=3"], 'Did you mean "lora.r"?'],
  ])("%j: a usual name, or the setting of a part, is proposed", async (args, message) => {
    expect(await refused(...args)).toContain(message);
  });

  it("is one of several: each is named, with what it was probably meant to be", async () => {
    const said = await refused("sft", "--lr", "-3", "--model", "--odd", "--frobnicate", "--quiet", "--bs=3");
    expect(said).toMatch(
      /^error: unknown option '--lr' \(did you mean --learning-rate\?\)\n\s*unknown option '--frobnicate'\n\s*unknown option '--bs=3' \(did you mean --batch-size\?\)\n$/,
    );
  });

  it("is answered with no proposal where none is near", async () => {
    expect(await refused("sft", "--frobnicate", "3")).toMatch(/^error: unknown option '--frobnicate'\n$/);
    expect(await refused("frobnicate")).toContain("hint: plumb --help shows the commands.");
    expect(await refused("tasks", "lst")).not.toContain("Did you mean test");
  });

  it.each([
    [["ppo", "--epoch-kl-limit", "0.1"], "--epoch-kl-limit has been renamed to --target-kl"],
    [["sft", "--warmup-share"], "--warmup-share has been renamed to --warmup-ratio"],
    [["aggregate", "--most-share", "0.05"], "--most-share has been renamed to --max-share"],
    [["ppo", "--set", "warmupShare=0"], '--set warmupShare: "warmupShare" has been renamed to "warmupRatio"'],
    [["demo", "--set", "ppo.epochKlLimit=1"], '"ppo.epochKlLimit" has been renamed to "ppo.targetKl"'],
  ])("%j: an old name says the new one", async (args, message) => {
    expect(await refused(...args)).toContain(message);
  });
});
