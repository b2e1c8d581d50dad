/** The demo as a user has it, in processes of its own, with settings so small that a whole run takes seconds. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "vitest";

/** Every phase runs for real, none long enough to learn much. */
export const SETTINGS = {
  ...{ corpusTokens: 4000, demonstrations: 64, pairs: 64, heldOutPairs: 32, heldOutVotes: 3, bestOf: 2 },
  ...{ temperatures: "[0.5]", samplesPerPrompt: 1, evaluateEvery: 1 },
  ...{ "sft.epochs": 4, "sft.batchSize": 4, "pretrain.batchSize": 4, "rejection.epochs": 2 },
  ...{ "model.vocabSize": 400, "model.hiddenSize": 16, "model.intermediateSize": 32, "model.layers": 1 },
  ...{ "model.heads": 2, "model.kvHeads": 1 },
  ...{ "ppo.iterations": 3, "ppo.batchSize": 16, "ppo.microBatchSize": 16 },
  ...{ "ppo.miniBatches": 1, "ppo.epochs": 1, "ppo.maxNewTokens": 4 },
};
const cli = path.resolve("dist/cli/main.js");
/** In which all of them run. */
export const folder = mkdtempSync(path.join(os.tmpdir(), "plumb-demo-"));
export const at = (...names: string[]): string => path.join(folder, ...names);

/** `plumb <args>` that has to succeed. @returns what it printed. */
export const plumb = (...args: string[]): string =>
  execFileSync(process.execPath, [cli, ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

const demoArgs = (more: readonly string[]) => [
  "demo",
  ...Object.entries(SETTINGS).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
  ...more,
];
/** A whole run. @returns what it tells a person. */
export const demo = (...more: string[]): string => plumb(...demoArgs(more));

/** A command that goes on beside the test. */
export const startPlumb = (...args: string[]): ChildProcess => startWith({}, args);
/** A run that goes on beside the test. @param env beside the test's own. */
export const started = (more: readonly string[], env: Record<string, string> = {}): ChildProcess =>
  startWith(env, demoArgs(["--json", "--quiet", ...more]));

function startWith(env: Record<string, string>, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** How a run ended, and what it said on stderr. */
export async function ended(child: ChildProcess): Promise<{ status: number | null; stderr: string }> {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, stderr };
}

const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

/** Everything that a seed decides: result without times, and the bytes of metrics, samples and models. */
export function decided(run: string): Record<string, string> {
  const {
    seconds,
    processorSeconds,
    peakMemoryMb,
    run: _,
    ...rest
  } = JSON.parse(readFileSync(at(run, "result.json"), "utf8"));
  expect([seconds, processorSeconds, peakMemoryMb].every((figure) => figure > 0)).toBe(true);
  const models = ["sft", "reward", "policy"].flatMap((model) =>
    readdirSync(at(run, model)).map((file) => `${model}/${file}`),
  );
  const sums = ["metrics.jsonl", "samples.jsonl", ...models].map((file) => [file, sha256(at(run, file))]);
  return { result: JSON.stringify(rest), ...Object.fromEntries(sums) };
}
