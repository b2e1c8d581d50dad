// A model of more than 4 GB with matrices of more than 2 GB: written, loaded, run, saved as shards, loaded again; and
// single tensors of more than 2 and 4 GiB. Prints the peak memory of each, and fails if a bar is missed. Takes 12 GB of
// disk in the temporary folder and 7 GB of memory.
//
//   npm run check:big                    in the system's temporary folder
//   node scripts/check-big.mjs FOLDER    in another one
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { frozenNetwork, loraNetwork } from "../dist/model/create.js";
import { readWeights } from "../dist/model/read-weights.js";
import { exportMerged } from "../dist/model/export.js";
import { openGguf } from "../dist/model/formats/gguf.js";
import { openModel } from "../dist/model/load/index.js";
import { openSafetensors } from "../dist/model/formats/safetensors.js";
import { LINEAR_NAMES } from "../dist/model/network.js";
import { NetworkRunner } from "../dist/model/runner.js";
import { saveHuggingFace } from "../dist/model/save/index.js";
import { sequenceLogProbs } from "../dist/model/score.js";
import { expectedWeights } from "../dist/model/weight-names.js";
import { OrtRuntime } from "../dist/runtime/ort/index.js";

const CONFIG = {
  architecture: "llama", vocabSize: 264_000, hiddenSize: 2048, intermediateSize: 4096, layers: 1, heads: 16, kvHeads: 4,
  headDim: 128, maxPositions: 2048, rmsNormEps: 1e-5, ropeTheta: 10_000, tieWordEmbeddings: false, qkvBias: false,
  outputBias: false, mlpBias: false, eosIds: [2], padId: 0,
};
const SHARD_BYTES = 2e9;
const DISK_BYTES = 12e9;
const MEMORY_BYTES = 7.5e9;
/** Most memory at once, as a multiple of the weights' size. */
const BAR = 1.2;
const PIECE = 2 ** 20;

const gb = (bytes) => `${(bytes / 1e9).toFixed(2)} GB`;
const peak = () => process.resourceUsage().maxRSS * 1024;
const weightBytes = (weights) => [...weights.values()].reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);

/** Weights in pieces: one block of noise, scaled differently for each piece. */
function noise() {
  const block = new Float32Array(PIECE);
  let state = 1;
  for (let i = 0; i < PIECE; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    block[i] = (state / 2 ** 32 - 0.5) * 0.05;
  }
  const piece = new Float32Array(PIECE);
  let pieces = 0;
  return new Map(
    [...expectedWeights(CONFIG)].map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        {
          shape,
          *pieces() {
            for (let at = 0; at < size; at += PIECE) {
              const scale = 1 + (pieces++ % 997) / 997;
              for (let i = 0; i < PIECE; i++) piece[i] = block[i] * scale;
              yield piece.subarray(0, Math.min(PIECE, size - at));
            }
          },
        },
      ];
    }),
  );
}

async function load(model) {
  const runtime = new OrtRuntime();
  const before = process.memoryUsage.rss();
  const files = await openModel(model);
  const weights = await readWeights(runtime, files.config, files.weights);
  await files.close();
  const loading = { weights: weightBytes(weights), peak: peak() - before };
  return { runtime, weights, network: frozenNetwork(runtime, files.config, weights), loading };
}

async function hashes(weights) {
  const all = {};
  for (const [name, buffer] of weights) {
    const data = await buffer.read();
    const hash = createHash("sha256");
    for (let at = 0; at < data.length; at += PIECE) {
      const part = data.subarray(at, at + PIECE);
      hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
    all[name] = hash.digest("hex");
  }
  return all;
}

/** Writes one tensor of zeros with ones at `marks`, as a sparse file that takes little disk. */
async function writeSparse(path, header, bytes, marks, each, one) {
  const file = await open(path, "w");
  await file.writeFile(header);
  await file.truncate(header.length + bytes);
  for (const at of marks) await file.write(one, 0, each, header.length + at * each);
  await file.close();
}

function safetensorsHeader(dtype, elements, bytes) {
  const json = Buffer.from(JSON.stringify({ x: { dtype, shape: [elements], data_offsets: [0, bytes] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json]);
}

function ggufHeader(type, elements) {
  const u32 = (n) => Buffer.from(Uint32Array.of(n).buffer);
  const u64 = (n) => Buffer.from(BigUint64Array.of(BigInt(n)).buffer);
  const parts = ["GGUF", u32(3), u64(1), u64(0), u64(1), "x", u32(1), u64(elements), u32(type), u64(0)];
  const header = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  return Buffer.concat([header, Buffer.alloc(-header.length & 31)]);
}

const STAGES = {
  async make(folder) {
    await saveHuggingFace(join(folder, "model"), CONFIG, noise(), undefined, "F32", Number.POSITIVE_INFINITY);
    return { peak: peak() };
  },
  async run(folder, name) {
    const { runtime, weights, network, loading } = await load(join(folder, name));
    const ids = Array.from({ length: 16 }, (_, i) => (i * 7919) % CONFIG.vocabSize);
    const sequence = { ids, read: ids.map(() => true) };
    const [logProbs] = await sequenceLogProbs(new NetworkRunner(runtime, network), [sequence], { rows: 1, padId: 0 });
    return { ...loading, running: peak(), hashes: await hashes(weights), logProbs: [...logProbs] };
  },
  async save(folder, out, dtype, adapted) {
    const { runtime, weights, network, loading } = await load(join(folder, "model"));
    const lora = { r: 8, alpha: 16, targets: LINEAR_NAMES };
    const saved = adapted === "adapted" ? loraNetwork(runtime, CONFIG, weights, lora, 1) : network;
    await exportMerged(join(folder, out), saved, undefined, dtype, SHARD_BYTES);
    return { ...loading, peak: peak(), shards: readdirSync(join(folder, out)).filter((name) => name.endsWith(".safetensors")).length };
  },
  async tensor(folder, format, dtype, elements) {
    const path = join(folder, "tensor");
    const n = Number(elements);
    const each = dtype === "F32" ? 4 : 2;
    const marks = [1, 2 ** 29 + 3, 2 ** 30 + 5, n - 1].filter((at) => at < n);
    const one = dtype === "F32" ? Buffer.from(Float32Array.of(1).buffer) : Buffer.from([0x00, 0x3c]);
    const header = format === "gguf" ? ggufHeader(1, n) : safetensorsHeader(dtype, n, n * each);
    await writeSparse(path, header, n * each, marks, each, one);
    const before = process.memoryUsage.rss();
    const weights = format === "gguf" ? (await openGguf(path)).weights : await openSafetensors(path);
    const data = await weights.read("x");
    await weights.close();
    rmSync(path);
    let others = 0;
    for (let at = 0; at < n; at += PIECE) for (const value of data.subarray(at, at + PIECE)) others += value;
    const right = marks.every((at) => data[at] === 1) && others === marks.length;
    return { weights: data.byteLength, peak: peak() - before, right };
  },
};

const problems = [];
function report(what, figure, met = true) {
  console.log(`${met ? "ok     " : "NOT MET"}  ${what}: ${figure}`);
  if (!met) problems.push(what);
}
const ratio = (what, { peak: most, weights }) =>
  report(what, `${gb(most)} for ${gb(weights)} of weights, ${(most / weights).toFixed(3)}`, most <= BAR * weights);

/** Runs a stage in its own process, so that the process's peak memory is the stage's. */
function stage(...args) {
  const self = fileURLToPath(import.meta.url);
  const started = performance.now();
  const output = execFileSync(process.execPath, [self, "--stage", ...args], { encoding: "utf8", maxBuffer: 2 ** 26 });
  return { ...JSON.parse(output), seconds: ((performance.now() - started) / 1000).toFixed(0) };
}

function checkAll(parent) {
  const { bavail, bsize } = statfsSync(parent);
  if (bavail * bsize < DISK_BYTES) throw new Error(`${parent} has ${gb(bavail * bsize)} free; ${gb(DISK_BYTES)} are needed`);
  const memory = process.availableMemory?.() ?? os.freemem();
  if (memory < MEMORY_BYTES) throw new Error(`${gb(memory)} of memory are free; ${gb(MEMORY_BYTES)} are needed`);
  const folder = mkdtempSync(join(parent, "plumb-big-"));
  try {
    for (const [format, dtype, elements] of [["safetensors", "F32", 1.1e9], ["safetensors", "F16", 1.1e9], ["gguf", "F16", 1.1e9]]) {
      const read = stage("tensor", folder, format, dtype, String(elements));
      ratio(`one tensor, ${format} ${dtype}, ${gb(elements * (dtype === "F32" ? 4 : 2))} in the file, ${read.seconds} s`, read);
      report("  every value in its place", read.right, read.right);
    }

    const made = stage("make", folder);
    const size = statSync(join(folder, "model", "model.safetensors")).size;
    report(`a model written in pieces, ${gb(size)}, ${made.seconds} s`, `${gb(made.peak)} of memory at most`, made.peak < 1e9);
    const first = stage("run", folder, "model");
    ratio("loaded", first);
    report(`a forward pass over it, ${first.seconds} s with loading`, `${gb(first.running)} of memory at most`);
    const finite = first.logProbs.every(Number.isFinite);
    report("  log-probabilities are finite", finite, finite);

    const saved = stage("save", folder, "sharded", "F32", "plain");
    ratio(`saved as shards of ${gb(SHARD_BYTES)}, ${saved.shards} of them, ${saved.seconds} s`, saved);
    const again = stage("run", folder, "sharded");
    ratio("loaded again", again);
    const same = JSON.stringify(again.hashes) === JSON.stringify(first.hashes);
    report("  every weight has the same bytes", same, same);
    const equal = JSON.stringify(again.logProbs) === JSON.stringify(first.logProbs);
    report("  log-probabilities are the same", equal, equal);
    rmSync(join(folder, "sharded"), { recursive: true });

    const merged = stage("save", folder, "merged", "BF16", "adapted");
    ratio(`saved in bf16 with an adapter merged, ${merged.seconds} s`, merged);
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (process.argv[2] === "--stage") {
  const [name, ...args] = process.argv.slice(3);
  console.log(JSON.stringify(await STAGES[name](...args)));
} else {
  checkAll(process.argv[2] ?? os.tmpdir());
}
