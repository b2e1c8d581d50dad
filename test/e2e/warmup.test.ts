/** Each command that trains says so when its only step is the warm-up's, whose learning rate is 0. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { METHODS } from "../../src/train/methods/index.js";
import { plumbHereDone } from "./plumb-here.js";
import { writeTinyLoop } from "./tiny-loop.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-warmup-"));
  await writeTinyLoop(dir);
  const lengths = "export default (responses) => responses.map(({ ids }) => ids.length);\n";
  await writeFile(join(dir, "length.mjs"), lengths);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const EACH = ["--model", "model", "--set", "lora.r=2", "--micro-batch-size", "4"];
const rows = (batchSize: string) => ["--batch-size", batchSize, "--limit", "8", "--epochs", "1"];
const PAIRS = ["--data", "pairs.jsonl"];
const DIRECT = [...PAIRS, "--eval-prompts", "0"];
const ONLINE = [
  ...["--data", "prompts.jsonl", "--batch-size", "4", "--iterations", "1", "--max-new-tokens", "4"],
  ...["--eval-prompts", "2", "--reward-functions", "[{module: ./length.mjs}]"],
];
const COMMANDS: Record<string, readonly string[]> = {
  sft: [...rows("8"), "--data", "demos.jsonl"],
  reward: [...rows("8"), ...PAIRS],
  dpo: [...rows("8"), ...DIRECT],
  // Each pair is two answers.
  kto: [...rows("16"), ...DIRECT],
  orpo: [...rows("8"), ...DIRECT],
  ppo: ONLINE,
  grpo: [...ONLINE, "--group-size", "2"],
  rloo: [...ONLINE, "--group-size", "2"],
  reinforce: ONLINE,
  "online-dpo": [...ONLINE, "--group-size", "2"],
  "rejection-sampling": [...ONLINE, "--group-size", "2"],
};
const NOTHING = /the run's only step is the warm-up's first, at a learning rate of 0: nothing is learned/;

it("there is a case for every method", () => {
  expect(Object.keys(COMMANDS).sort()).toEqual(Object.keys(METHODS).sort());
});

it.each(Object.keys(COMMANDS))("%s with one step, and with one that is no warm-up's", async (method) => {
  const run = (name: string, more: readonly string[]) =>
    plumbHereDone(dir, [method, ...EACH, ...COMMANDS[method], "--name", `${method}-${name}`, ...more]);
  const rateOf = async (name: string) =>
    (await readFile(join(dir, `runs/${method}-${name}/metrics.jsonl`), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).learning_rate ?? JSON.parse(line).lr);
  expect((await run("silent", ["--warmup-ratio", "0.1"])).stderr.replace(/\s+/g, " ")).toMatch(NOTHING);
  expect(await rateOf("silent")).toEqual([0]);
  expect((await run("heard", ["--warmup-ratio", "0"])).stderr.replace(/\s+/g, " ")).not.toMatch(NOTHING);
  expect((await rateOf("heard"))[0]).toBeGreaterThan(0);
});
