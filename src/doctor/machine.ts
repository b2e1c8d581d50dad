/** Checks of the machine: Node, the native library and its numbers, threads, memory, speed, disk. */
import { existsSync } from "node:fs";
import { open, rm, statfs } from "node:fs/promises";
import os from "node:os";
import { dirname, join, resolve } from "node:path";
import { formatBytes } from "../base/format.js";
import type { TimedRuntime } from "../runtime/profile.js";
import type { Runtime } from "../runtime/runtime.js";
import { add, matmul, softmax, trace } from "../tensor/index.js";
import { type CheckResult, runCheck } from "./check.js";

const MIN_NODE = 20;
/** Bytes that a LoRA step of a model of 135M parameters needs, about. */
const AMPLE_MEMORY = 6e9;
const MIN_MEMORY = 1e9;
const MIN_DISK = 2e9;
/** Side of the square matrices whose product is timed, and how often it is. */
const SIDE = 1024;
const REPEATS = 6;
const SLOW_GFLOPS = 20;
const DISK_BYTES = 16 * 2 ** 20;
const SLOW_DISK = 20e6;

export function checkNode(): Promise<CheckResult> {
  return runCheck("node", () => {
    const enough = Number.parseInt(process.versions.node, 10) >= MIN_NODE;
    const found = `${process.versions.node} on ${process.platform}-${process.arch}`;
    return enough
      ? { status: "ok", found }
      : { status: "fail", found, hint: `Install Node ${MIN_NODE} or newer.` };
  });
}

/** Loads the native library and compares a small program's numbers with plain JavaScript's. */
export async function checkRuntime(): Promise<{ finding: CheckResult; runtime?: TimedRuntime }> {
  let runtime: TimedRuntime | undefined;
  const result = await runCheck(
    "native library",
    async () => {
      const { createRuntime } = await import("../open/open-network.js");
      runtime = createRuntime();
      const wrong = await numericError(runtime);
      if (!(wrong < 1e-5)) {
        const found = `${runtime.name} gives wrong numbers: they differ by ${wrong}`;
        return { status: "fail", found, hint: "Report it, with this machine's processor." };
      }
      return { status: "ok", found: `${runtime.name}; a small program gives the right numbers` };
    },
    "Run npm ci again on this machine; Linux, macOS and Windows on x64 and arm64 are supported.",
  );
  return { finding: result, ...(runtime && result.status !== "fail" && { runtime }) };
}

/** Largest difference of softmax(A B + A), n x n, from the same computed in plain JavaScript. */
async function numericError(runtime: Runtime): Promise<number> {
  const n = 5;
  const a = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i));
  const b = Float32Array.from({ length: n * n }, (_, i) => Math.cos(2 * i));
  const matrix = { shape: [n, n], dtype: "f32" } as const;
  const program = trace("doctor", { a: matrix, b: matrix }, (x) => ({
    y: softmax(add(matmul(x.a, x.b), x.a)),
  }));
  const { y } = await runtime.compile(program).run({ a, b });
  let worst = 0;
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: n }, (_, j) => {
      let sum = a[i * n + j];
      for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      return Math.exp(sum);
    });
    const total = row.reduce((sum, value) => sum + value, 0);
    row.forEach((value, j) => {
      worst = Math.max(worst, Math.abs((y[i * n + j] as number) - value / total));
    });
  }
  return worst;
}

export function checkThreads(runtime: TimedRuntime): Promise<CheckResult> {
  return runCheck("threads", () => {
    const processors = os.availableParallelism();
    const model = os.cpus()[0]?.model.trim();
    const found = `${runtime.threads} of ${processors} processors${model ? ` (${model})` : ""}`;
    return runtime.threads <= processors
      ? { status: "ok", found }
      : { status: "warn", found, hint: "More threads than processors slow each other: lower PLUMB_THREADS." };
  });
}

export function checkMemory(): Promise<CheckResult> {
  return runCheck("memory", () => {
    const limit = process.constrainedMemory();
    const total = limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
    const free = Math.min(total, process.availableMemory?.() ?? os.freemem());
    const found = `${formatBytes(free)} free of ${formatBytes(total)}`;
    if (free >= AMPLE_MEMORY) return { status: "ok", found };
    const enough = "The demo needs about 1 GB, training a model of 135M parameters about 6 GB.";
    return { status: free < MIN_MEMORY ? "fail" : "warn", found, hint: enough };
  });
}

/** GFLOP/s of a square matrix product in f32, the best of a few runs. */
export async function productSpeed(runtime: Runtime): Promise<number> {
  const matrix = { shape: [SIDE, SIDE], dtype: "f32" } as const;
  const program = trace("doctor/speed", { a: matrix, b: matrix }, (x) => ({ y: matmul(x.a, x.b) }));
  const executable = runtime.compile(program);
  const a = new Float32Array(SIDE * SIDE).fill(0.5);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const started = performance.now();
    await executable.run({ a, b: a });
    best = Math.min(best, performance.now() - started);
  }
  executable.release();
  return (2 * SIDE ** 3) / best / 1e6;
}

export function checkSpeed(runtime: Runtime): Promise<CheckResult> {
  return runCheck("matrix products", async () => {
    const gflops = await productSpeed(runtime);
    const found = `${gflops.toFixed(0)} GFLOP/s (${SIDE}^3, f32)`;
    return gflops >= SLOW_GFLOPS
      ? { status: "ok", found }
      : { status: "warn", found, hint: "The machine is busy or slow; training will take long." };
  });
}

/** Writes and syncs a file in the folder of runs, or in the nearest one above it that exists. */
export function checkDisk(root: string): Promise<CheckResult> {
  return runCheck(
    "disk",
    async () => {
      let folder = resolve(root);
      while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
      const path = join(folder, `.plumb-doctor-${process.pid}`);
      const started = performance.now();
      try {
        const file = await open(path, "wx");
        try {
          await file.writeFile(new Uint8Array(DISK_BYTES));
          await file.sync();
        } finally {
          await file.close();
        }
      } finally {
        await rm(path, { force: true });
      }
      const rate = DISK_BYTES / ((performance.now() - started) / 1000);
      const { bavail, bsize } = await statfs(folder);
      const found = `${formatBytes(rate)}/s written and synced, ${formatBytes(bavail * bsize)} free for ${root}`;
      if (bavail * bsize < MIN_DISK) {
        return { status: "warn", found, hint: "Checkpoints of real models take GBs: make room." };
      }
      if (rate >= SLOW_DISK) return { status: "ok", found };
      return { status: "warn", found, hint: "Checkpoints will take long: put runs on a faster disk." };
    },
    `Make ${root} a writable folder, or name another with --runs.`,
  );
}
