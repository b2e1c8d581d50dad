/** How the demo's stages store their results in files. */
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readTensorsFile, type TensorRecord, writeTensorsFile } from "../../artifacts/index.js";
import type { ModelConfig } from "../../model/config.js";
import { fullNetwork } from "../../model/create.js";
import type { Network, Weights } from "../../model/network.js";
import { NetworkRunner } from "../../model/runner.js";
import { readValue, type Stage, writeValue } from "../../pipeline/index.js";
import { readFloats } from "../../runtime/read.js";
import type { Runtime } from "../../runtime/runtime.js";
import { loadTokenizer, type Tokenizer } from "../../text/index.js";
import { goldUtility, promptWithText } from "../../worlds/assistant/index.js";
import type { CandidatePair, Response } from "../candidates.js";
import type { GoldSamples } from "../policies.js";
import { weightsOf } from "../training.js";

/** Saves configuration and weights without conversion. */
export async function saveNetwork(dir: string, network: Network): Promise<void> {
  await writeValue(join(dir, "config.json"), network.config);
  const tensors = new Map<string, TensorRecord>();
  for (const [name, buffer] of weightsOf(network))
    tensors.set(name, { dtype: "f32", shape: [...buffer.shape], data: await readFloats(buffer) });
  await writeTensorsFile(join(dir, "weights.safetensors"), tensors);
}

export async function loadWeights(
  runtime: Runtime,
  dir: string,
): Promise<{ config: ModelConfig; weights: Weights }> {
  const tensors = await readTensorsFile(join(dir, "weights.safetensors"));
  const weights = [...tensors].map(
    ([name, { shape, data }]) => [name, runtime.buffer("f32", shape, data as Float32Array)] as const,
  );
  return { config: await readValue<ModelConfig>(join(dir, "config.json")), weights: new Map(weights) };
}

/** Opens a saved network as one that can be trained further. */
export async function loadRunner(runtime: Runtime, dir: string): Promise<NetworkRunner> {
  const { config, weights } = await loadWeights(runtime, dir);
  return new NetworkRunner(runtime, fullNetwork(runtime, config, weights));
}

/** How a stage whose result is a policy stores it. */
export const policyFiles = (runtime: Runtime): Pick<Stage<NetworkRunner, never>, "save" | "load"> => ({
  save: ({ network }, dir) => saveNetwork(dir, network),
  load: (dir) => loadRunner(runtime, dir),
});

export async function saveTokenizer(dir: string, tokenizer: Tokenizer): Promise<void> {
  await mkdir(join(dir, "tokenizer"));
  for (const [name, text] of Object.entries(tokenizer.files))
    await writeFile(join(dir, "tokenizer", name), text);
}

export const openTokenizer = (dir: string): Promise<Tokenizer> => loadTokenizer(join(dir, "tokenizer"));

/** Token ids as one string, which makes reading and writing a hundred thousand responses fast. */
const joined = (ids: readonly number[]): string => ids.join(" ");
const split = (ids: string): number[] => (ids === "" ? [] : ids.split(" ").map(Number));

interface SavedResponse extends Omit<Response, "ids"> {
  ids: string;
}

/** A stored pair has its prompt's text; on loading, that gives the world's one object for the prompt again. */
export type SavedPair<P extends CandidatePair> = Omit<P, keyof CandidatePair> & {
  prompt: string;
  left: SavedResponse;
  right: SavedResponse;
};

export const savedPairs = <P extends CandidatePair>(pairs: readonly P[]): SavedPair<P>[] =>
  pairs.map(({ prompt, left, right, ...rest }) => ({
    ...{ ...rest, prompt: prompt.text },
    left: { ...left, ids: joined(left.ids) },
    right: { ...right, ids: joined(right.ids) },
  }));

export const pairsOf = <P extends CandidatePair>(saved: readonly SavedPair<P>[]): P[] =>
  saved.map((pair) => {
    const { prompt, left, right } = pair;
    const back: CandidatePair = {
      prompt: promptWithText(prompt),
      left: { ...left, ids: split(left.ids) },
      right: { ...right, ids: split(right.ids) },
    };
    return { ...pair, ...back } as unknown as P;
  });

/** Samples without their gold utility, which follows from the text. */
export const savedSamples = (samples: readonly GoldSamples[]) =>
  samples.map(({ prompt, responses }) => ({
    prompt: prompt.text,
    responses: responses.map(({ ids, text }) => ({ ids: joined(ids), text })),
  }));

export const samplesOf = (saved: ReturnType<typeof savedSamples>): GoldSamples[] =>
  saved.map(({ prompt: asked, responses }) => {
    const prompt = promptWithText(asked);
    return {
      prompt,
      responses: responses.map(({ ids, text }) => ({
        ids: split(ids),
        text,
        gold: goldUtility(prompt, text),
      })),
    };
  });

/** A database's file and those next to it: the signing key and the key's checkpoints. */
async function databaseFiles(database: string): Promise<string[]> {
  const names = await readdir(dirname(database)).catch(() => []);
  return names.filter((name) => name.startsWith(basename(database)));
}

/** Removes a database, such as one that an interrupted run left. */
export async function removeDatabase(database: string): Promise<void> {
  for (const name of await databaseFiles(database)) await rm(join(dirname(database), name), { force: true });
}

/** Copies a database that nobody has open, sharing its blocks if the file system can. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  for (const name of await databaseFiles(from))
    await copyFile(
      join(dirname(from), name),
      `${to}${name.slice(basename(from).length)}`,
      constants.COPYFILE_FICLONE,
    );
}
