import { RandomStream } from "../base/random.js";
import type { Runtime } from "../runtime/runtime.js";
import { median } from "../statistics/median.js";
import { int8Matmul, matmul, sum, trace } from "../tensor/index.js";

const SIDE = 2048;
/** Shape of the f32 array that is read to measure memory bandwidth: far larger than any cache. */
const READ_ROWS = 4096;
const READ_COLUMNS = 32768;

/** A measurement that can be repeated, alternating with others. */
interface Probe {
  run(): Promise<number>;
  release(): void;
}

/** GFLOP/s of one 2048 x 2048 x 2048 product in f32 with a packed constant factor. */
export function matrixProductProbe(runtime: Runtime): Probe {
  const shape = [SIDE, SIDE];
  const random = new RandomStream(0, "bench/matrix");
  const factor = (): Float32Array => Float32Array.from({ length: SIDE * SIDE }, () => random.uniform() - 0.5);
  const a = runtime.buffer("f32", shape, factor());
  const c = runtime.buffer("f32", shape);
  const frozen = new Map([["b", runtime.buffer("f32", shape, factor())]]);
  const program = trace(
    "bench/matrix-product",
    { a: { shape, dtype: "f32" }, b: { shape, dtype: "f32", frozen: true } },
    (x) => ({ c: matmul(x.a, x.b) }),
  );
  const executable = runtime.compile(program, frozen);
  return { run: () => productSpeed(() => executable.run({ a }, { c })), release: () => {} };
}

/** As `matrixProductProbe`, with the constant factor in 8 bits and the other one rounded at run time. */
export function int8ProductProbe(runtime: Runtime): Probe {
  const shape = [SIDE, SIDE];
  const random = new RandomStream(0, "bench/int8-matrix");
  const a = runtime.buffer(
    "f32",
    shape,
    Float32Array.from({ length: SIDE * SIDE }, () => random.uniform() - 0.5),
  );
  const c = runtime.buffer("f32", shape);
  const frozen = new Map([
    [
      "values",
      runtime.buffer(
        "i8",
        shape,
        Int8Array.from({ length: SIDE * SIDE }, () => random.int(255) - 127),
      ),
    ],
    ["scales", runtime.buffer("f32", [SIDE], new Float32Array(SIDE).fill(1 / 127))],
  ]);
  const program = trace(
    "bench/int8-product",
    {
      a: { shape, dtype: "f32" },
      values: { shape, dtype: "i8", frozen: true },
      scales: { shape: [SIDE], dtype: "f32", frozen: true },
    },
    ({ a, values, scales }) => ({ c: int8Matmul(a, { values, scales }) }),
  );
  const executable = runtime.compile(program, frozen);
  return { run: () => productSpeed(() => executable.run({ a }, { c })), release: () => {} };
}

/** Speed of products of SIDE x SIDE matrices, in 10^9 operations per second. */
async function productSpeed(product: () => Promise<unknown>): Promise<number> {
  const repeats = 5;
  const start = performance.now();
  for (let i = 0; i < repeats; i++) await product();
  return (2 * SIDE ** 3 * repeats) / (performance.now() - start) / 1e6;
}

/** GB/s at which a large array is read once by all threads. */
export function memoryReadProbe(runtime: Runtime): Probe {
  const shape = [READ_ROWS, READ_COLUMNS];
  const data = runtime.adopt("f32", shape, new Float32Array(READ_ROWS * READ_COLUMNS).fill(1));
  const program = trace("bench/memory-read", { x: { shape, dtype: "f32" } }, ({ x }) => ({
    total: sum(x, [1]),
  }));
  const executable = runtime.compile(program);
  return {
    run: async () => {
      const start = performance.now();
      await executable.run({ x: data });
      return (READ_ROWS * READ_COLUMNS * 4) / (performance.now() - start) / 1e6;
    },
    release: () => data.release(),
  };
}

/** Median, minimum and maximum of repeated measurements. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}
export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});
