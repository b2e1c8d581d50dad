/** kill -9 and Ctrl-C at any step, then --resume: every file ends up as an uninterrupted run's, byte for byte. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RandomStream } from "../../src/base/random.js";
import { spread } from "../spread.js";
import { plumbHere, plumbHereDone } from "./plumb-here.js";
import { type Running, startPlumb, writeTinyLoop } from "./tiny-loop.js";

let dir: string;
beforeAll(async () => {
  // Several threads, as users have them: their timing must not decide anything.
  process.env.PLUMB_THREADS = "2";
  dir = await mkdtemp(join(tmpdir(), "plumb-resume-"));
  await writeTinyLoop(dir);
  await plumbHereDone(dir, [...COMMANDS.reward, "--name", "rm"]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const SHARED = [
  "--model",
  "model",
  "--set",
  "lora.r=2",
  "--micro-batch-size",
  "2",
  "--checkpoint-every",
  "2",
];
/** So many that steps are left after the last kill, and no more. */
const ROWS = ["--limit", "12"];
const COMMANDS = {
  sft: ["sft", ...SHARED, ...ROWS, "--data", "demos.jsonl", "--batch-size", "2", "--epochs", "2"],
  reward: [
    "reward",
    ...SHARED,
    ...ROWS,
    "--data",
    "pairs.jsonl",
    "--batch-size",
    "2",
    "--max-length",
    "64",
    "--epochs",
    "2",
  ],
  // The reference moves, so that it has to be kept, too.
  dpo: [
    ...["dpo", ...SHARED, ...ROWS, "--data", "pairs.jsonl", "--batch-size", "2", "--epochs", "2"],
    ...["--learning-rate", "0.01", "--sync-every", "3", "--eval-prompts", "0"],
  ],
  kto: [
    ...["kto", ...SHARED, ...ROWS, "--data", "pairs.jsonl", "--batch-size", "4", "--epochs", "2"],
    ...["--learning-rate", "0.01", "--eval-prompts", "0"],
  ],
  ppo: [
    ...[
      "ppo",
      ...SHARED,
      "--data",
      "prompts.jsonl",
      "--batch-size",
      "4",
      "--iterations",
      "8",
      "--epochs",
      "2",
    ],
    ...[
      "--max-new-tokens",
      "8",
      "--eval-prompts",
      "4",
      "--reward-model",
      "runs/rm/model",
      "--adaptive-kl-target",
      "0.05",
    ],
  ],
  grpo: [
    ...["grpo", ...SHARED, "--data", "prompts.jsonl", "--batch-size", "8", "--group-size", "4"],
    ...["--iterations", "8", "--epochs", "2", "--max-new-tokens", "8", "--eval-prompts", "4"],
    ...["--reward-model", "runs/rm/model", "--max-samplings", "2"],
  ],
  rloo: [
    ...["rloo", ...SHARED, "--data", "prompts.jsonl", "--batch-size", "8", "--group-size", "4"],
    ...["--iterations", "8", "--epochs", "2", "--max-new-tokens", "8", "--eval-prompts", "4"],
    ...["--reward-model", "runs/rm/model"],
  ],
  reinforce: [
    ...["reinforce", ...SHARED, "--data", "prompts.jsonl", "--batch-size", "8", "--baseline", "group"],
    ...[
      "--group-size",
      "2",
      "--iterations",
      "8",
      "--epochs",
      "2",
      "--max-new-tokens",
      "8",
      "--eval-prompts",
      "4",
    ],
    ...["--reward-model", "runs/rm/model"],
  ],
  "online-dpo": [
    ...["online-dpo", ...SHARED, "--data", "prompts.jsonl", "--batch-size", "8", "--group-size", "2"],
    ...["--iterations", "8", "--epochs", "2", "--max-new-tokens", "8", "--eval-prompts", "4"],
    ...["--reward-model", "runs/rm/model"],
  ],
  "rejection-sampling": [
    ...["rejection-sampling", ...SHARED, "--data", "prompts.jsonl", "--batch-size", "8", "--group-size", "4"],
    ...["--iterations", "8", "--epochs", "2", "--max-new-tokens", "8", "--eval-prompts", "4"],
    ...["--reward-model", "runs/rm/model"],
  ],
};
type Name = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS) as Name[];
/** Each is killed, these once more after they were resumed. */
const KILLED_TWICE = spread("killed twice", NAMES, 1);
/** One path of the code saves all methods on Ctrl-C; what each has to keep is tried by killing it. */
const INTERRUPTED = spread("interrupted", NAMES, 1);

const FILES = [
  "metrics.jsonl",
  "samples.jsonl",
  "samples-before-after.jsonl",
  "model/adapter_model.safetensors",
];

/** The files that must not depend on interruptions; null for those a command does not write. */
const filesOf = (name: string) =>
  Promise.all(FILES.map((file) => readFile(join(dir, "runs", name, file)).catch(() => null)));

/** Waits until a run has written metrics of `step` steps. */
async function reach({ child }: Running, name: string, step: number): Promise<void> {
  const path = join(dir, "runs", name, "metrics.jsonl");
  while (child.exitCode === null) {
    const lines = existsSync(path) ? (await readFile(path, "utf8")).split("\n").length - 1 : 0;
    if (lines >= step) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe.each(NAMES)("plumb %s", (command) => {
  let whole: (Buffer | null)[];
  beforeAll(async () => {
    await plumbHereDone(dir, [...COMMANDS[command], "--name", `${command}-whole`]);
    whole = await filesOf(`${command}-whole`);
    expect(whole[0]?.length).toBeGreaterThan(0);
    expect(whole[3]?.length).toBeGreaterThan(0);
  });

  it("goes on after kill -9 to the same bytes, resumed with its settings and by its name alone", async () => {
    const name = `${command}-killed`;
    const args = [...COMMANDS[command], "--name", name];
    const random = new RandomStream(Date.now() % 2 ** 32, "test/kill");
    const steps = KILLED_TWICE.includes(command)
      ? [1 + random.int(3), 4 + random.int(3)]
      : [1 + random.int(6)];
    for (const [attempt, step] of steps.entries()) {
      const running = startPlumb(dir, attempt === 0 ? args : [...args, "--resume"]);
      await reach(running, name, step);
      running.child.kill("SIGKILL");
      await running.ended;
    }
    await plumbHereDone(dir, [command, "--name", name, "--resume"]);
    expect(await filesOf(name)).toEqual(whole);
  });

  it.runIf(INTERRUPTED.includes(command))(
    "saves on Ctrl-C, ends with 130 and says how to go on",
    async () => {
      const name = `${command}-interrupted`;
      const running = startPlumb(dir, [...COMMANDS[command], "--name", name]);
      await reach(running, name, 3);
      running.child.kill("SIGINT");
      const { status, stderr } = await running.ended;
      expect({ status, stderr }).toMatchObject({ status: 130, stderr: expect.stringContaining("To go on:") });
      const line = /^ {2}(?:(?:npx )?plumb|node \S+main\.js) (.*)$/m.exec(stderr)?.[1] ?? "";
      expect(line).toContain(`--name ${name} --resume`);
      await plumbHereDone(dir, line.split(" "));
      expect(await filesOf(name)).toEqual(whole);
    },
  );
});

it("refuses to resume with other settings, naming them", async () => {
  const ended = await plumbHere(dir, [...COMMANDS.sft, "--name", "sft-whole", "--resume", "--seed", "5"]);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain("settings differ from the run to resume: seed");
});

it("ends at once when a finished run is resumed, with the same result", async () => {
  const before = await filesOf("sft-whole");
  await plumbHereDone(dir, [...COMMANDS.sft, "--name", "sft-whole", "--resume"]);
  expect(await filesOf("sft-whole")).toEqual(before);
});
