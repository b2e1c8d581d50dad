/** What the tests of whole commands stand on: a tiny chat model with random weights, and small data sets. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelConfig } from "../../src/model/config.js";
import { saveHuggingFace } from "../../src/model/save/index.js";
import { tokenizerFromJson, trainByteLevelBpe } from "../../src/text/index.js";
import { tinyConfig, tinyWeights } from "../tiny-model.js";

export const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const CHAT_ML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** Writes a chat model of random weights into the folder model/ of `dir`, with tokens of bytes and a few words. */
export async function writeTinyModel(
  dir: string,
  maxPositions = 64,
  changes: Partial<ModelConfig> = {},
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const specialTokens = ["<pad>", "<|im_start|>", "<|im_end|>"];
  const json = trainByteLevelBpe(["user assistant the cat sat on a mat ".repeat(4)], {
    vocabSize: 272,
    specialTokens,
  });
  const tokenizer = tokenizerFromJson(json, {
    eos_token: "<|im_end|>",
    pad_token: "<pad>",
    chat_template: CHAT_ML,
  });
  const config = tinyConfig({
    hiddenSize: 32,
    heads: 2,
    kvHeads: 1,
    headDim: 16,
    maxPositions,
    tieWordEmbeddings: true,
    ...changes,
  });
  await saveHuggingFace(join(dir, "model"), config, tinyWeights(config), tokenizer);
}

/** Writes model/, pairs.jsonl, demos.jsonl and prompts.jsonl. @param changes of the model's configuration. */
export async function writeTinyLoop(dir: string, changes: Partial<ModelConfig> = {}): Promise<void> {
  await writeTinyModel(dir, 64, changes);
  const user = (i: number) => [{ role: "user", content: `the cat ${i}` }];
  const answer = (content: string) => [{ role: "assistant", content }];
  const lines = (row: (i: number) => object, count = 24): string =>
    Array.from({ length: count }, (_, i) => `${JSON.stringify(row(i))}\n`).join("");
  const pair = (i: number) => ({ prompt: user(i), chosen: answer(`sat ${i}`), rejected: answer("mat") });
  await writeFile(join(dir, "pairs.jsonl"), lines(pair));
  await writeFile(
    join(dir, "demos.jsonl"),
    lines((i) => ({ messages: [...user(i), ...answer(`a mat ${i}`)] })),
  );
  await writeFile(
    join(dir, "prompts.jsonl"),
    lines((i) => ({ prompt: user(i) })),
  );
}

export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** Starts the built command. */
export function startPlumb(cwd: string, args: readonly string[]): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, ...output }));
  });
  return { child, ended };
}

export const plumb = (cwd: string, args: readonly string[]): Promise<Ended> => startPlumb(cwd, args).ended;

/** Runs a command that must succeed; what it said otherwise is in the error. */
export async function plumbDone(cwd: string, args: readonly string[]): Promise<Ended> {
  const ended = await plumb(cwd, args);
  if (ended.status === 0) return ended;
  throw new Error(`plumb ${args.join(" ")} ended with ${ended.status ?? ended.signal}:\n${ended.stderr}`);
}
