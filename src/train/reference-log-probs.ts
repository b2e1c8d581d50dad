/**
 * Log-probabilities of texts under the model that a run starts from, computed once and kept in
 * `<runs>/reference-log-probs/<key>/`. The key is the SHA-256 of all that they follow from: the weights themselves, the
 * configuration, the tokens, and how batches are laid out. What is found there is held against its checksum, and a part of it
 * against the model, before it is used: a stale or damaged file is computed again.
 */

import { createHash, type Hash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  plumblineVersion,
  readTensorsFile,
  type TensorRecord,
  writeFolderAtomically,
  writeTensorsFile,
} from "../artifacts/index.js";
import { canonicalJson } from "../base/canonical-json.js";
import { sha256 } from "../base/sha256.js";
import type { Sequence } from "../model/batch.js";
import { frozenNetwork } from "../model/create.js";
import type { Packing } from "../model/lay-out.js";
import type { Weights } from "../model/network.js";
import { NetworkRunner } from "../model/runner.js";
import { type Batching, sequenceLogProbs } from "../model/score.js";
import type { Job } from "./method.js";

/** What the texts' reference needs of a run. */
type ReferenceJob = Pick<
  Job<{ runs: string; microBatchSize: number; packing: Packing }, unknown>,
  "runtime" | "base" | "config" | "host" | "session"
>;

const FOLDER = "reference-log-probs";
const TENSORS = "log-probs.safetensors";
const MANIFEST = "manifest.json";
const manifestSchema = z.object({ key: z.string(), bytes: z.number(), sha256: z.string() });

/** Largest difference, in nats a token, between what is stored and what the model gives now. */
const TOLERANCE = 1e-3;
/** Bytes hashed at a time. */
const CHUNK_BYTES = 2 ** 26;

/**
 * Natural log-probabilities of the tokens that each sequence's mask marks, under the untrained base.
 *
 * @param rows rows in memory at once.
 * @throws the signal's reason if the run is interrupted; nothing is stored then.
 */
export async function referenceLogProbs(
  job: ReferenceJob,
  sequences: readonly Sequence[],
  rows: number,
): Promise<Float32Array[]> {
  const { runtime, base, config, host, session } = job;
  if (sequences.length === 0) return [];
  const scorer = new NetworkRunner(runtime, frozenNetwork(runtime, base.config, base.weights));
  const batching: Batching = { rows, padId: base.padId, packing: config.packing };
  const key = await keyOf(job, sequences, batching);
  const dir = join(config.runs, FOLDER, key.slice(0, 24));

  // 1. What an earlier run stored, if a part of it is what the model gives.
  const stored = await readStored(dir, key, sequences);
  if (typeof stored === "object") {
    const part = sequences.slice(0, rows);
    const now = await sequenceLogProbs(scorer, part, batching);
    if (now.every((own, i) => own.every((value, t) => Math.abs(value - stored[i][t]) <= TOLERANCE))) {
      host.info(`the reference's log-probabilities of ${sequences.length} texts are in ${dir}`);
      return stored;
    }
  }
  if (stored !== "missing")
    host.warn(`${dir} does not hold what the reference gives; its log-probabilities are computed again`);

  // 2. Computed now, and stored.
  const progress = host.progress({ label: "reference", total: sequences.length, unit: "texts" });
  const found = await sequenceLogProbs(scorer, sequences, {
    ...batching,
    onProgress: (done) => {
      session.checkInterrupt();
      progress.update(done);
    },
  });
  progress.end();
  await store(dir, key, found);
  return found;
}

/** Lengths and values of the lists, one after another. */
async function store(dir: string, key: string, lists: readonly Float32Array[]): Promise<void> {
  const total = lists.reduce((n, { length }) => n + length, 0);
  const data = new Float32Array(total);
  let next = 0;
  for (const list of lists) {
    data.set(list, next);
    next += list.length;
  }
  const lengths = Int32Array.from(lists, ({ length }) => length);
  const tensors = new Map<string, TensorRecord>([
    ["lengths", { dtype: "i32", shape: [lengths.length], data: lengths }],
    ["log-probs", { dtype: "f32", shape: [total], data }],
  ]);
  await writeFolderAtomically(dir, async (tmp) => {
    const digest = await writeTensorsFile(join(tmp, TENSORS), tensors);
    await writeFile(join(tmp, MANIFEST), `${JSON.stringify({ key, ...digest })}\n`);
  });
}

async function readStored(
  dir: string,
  key: string,
  sequences: readonly Sequence[],
): Promise<Float32Array[] | "missing" | "wrong"> {
  const text = await readFile(join(dir, MANIFEST), "utf8").catch(() => undefined);
  if (text === undefined) return "missing";
  try {
    const manifest = manifestSchema.parse(JSON.parse(text));
    const content = await readFile(join(dir, TENSORS));
    if (manifest.key !== key || sha256(content) !== manifest.sha256) return "wrong";
    const tensors = await readTensorsFile(join(dir, TENSORS));
    const [lengths, values] = [tensors.get("lengths"), tensors.get("log-probs")];
    if (lengths?.dtype !== "i32" || values?.dtype !== "f32") return "wrong";
    if (lengths.data.length !== sequences.length) return "wrong";
    let next = 0;
    return Array.from(lengths.data, (length) => values.data.slice(next, (next += length)));
  } catch {
    return "wrong";
  }
}

async function keyOf(
  { base: { config, weights } }: ReferenceJob,
  sequences: readonly Sequence[],
  { rows, packing = "auto", padId }: Batching,
): Promise<string> {
  const hash = createHash("sha256");
  hash.update(canonicalJson({ version: plumblineVersion(), config, rows, packing, padId }));
  await updateByWeights(hash, weights);
  for (const { ids, lossMask } of sequences) {
    hash.update(Int32Array.from([ids.length, ...ids]));
    hash.update(Uint8Array.from(lossMask, Number));
  }
  return hash.digest("hex");
}

async function updateByWeights(hash: Hash, weights: Weights): Promise<void> {
  const byName = [...weights].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, buffer] of byName) {
    hash.update(JSON.stringify([name, buffer.dtype, buffer.shape]));
    const { buffer: bytes, byteOffset, byteLength } = await buffer.read();
    for (let start = 0; start < byteLength; start += CHUNK_BYTES)
      hash.update(new Uint8Array(bytes, byteOffset + start, Math.min(CHUNK_BYTES, byteLength - start)));
  }
}
