import { readFile } from "node:fs/promises";
import { int8Names, weightProduct } from "../../nn/index.js";
import type { DeviceBuffer, Executable, Runtime } from "../../runtime/runtime.js";
import { type InputSpec, trace } from "../../tensor/index.js";

/** A processor's support for products of 8-bit integers. */
interface Int8Support {
  /** Whether sums of products of bytes are exact, and computed faster than those of f32. */
  fit: boolean;
  /** The reason, in a few words. */
  found: string;
}

/**
 * Instructions that multiply bytes and accumulate in 32 bits: in x86's `flags` and ARM's `Features` of /proc/cpuinfo.
 */
const INSTRUCTIONS = ["avx512_vnni", "avx_vnni", "avxvnniint8", "i8mm", "asimddp"];
/** How much faster than in f32 a product must be, where only timing can tell. */
const MIN_SPEEDUP = 1.3;
const SHAPE = { rows: 128, inner: 1024, columns: 1024 } as const;
const REPEATS = 5;

/** The instructions for products of bytes in a /proc/cpuinfo, or undefined if it lists no instructions at all. */
export function int8Instructions(cpuInfo: string): string[] | undefined {
  const listed = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuInfo)?.[1].split(/\s+/);
  return listed && INSTRUCTIONS.filter((name) => listed.includes(name));
}

/**
 * Whether 8-bit products pay on this machine. First, sums are checked: without such instructions, pairs of products may
 * be added in 16 bits and overflow. Then the processor's list of instructions decides (Linux), or else a measurement.
 */
export async function int8Support(
  runtime: Runtime,
  cpuInfo: () => Promise<string> = () => readFile("/proc/cpuinfo", "utf8"),
): Promise<Int8Support> {
  if (!(await sumsAreExact(runtime))) return { fit: false, found: "sums of products of bytes overflow" };
  const instructions = int8Instructions(await cpuInfo().catch(() => ""));
  if (instructions && instructions.length > 0) return { fit: true, found: instructions.join(", ") };
  if (instructions) return { fit: false, found: `none of ${INSTRUCTIONS.join(", ")}` };
  const ratio = (await milliseconds(runtime, "f32")) / (await milliseconds(runtime, "i8"));
  return { fit: ratio >= MIN_SPEEDUP, found: `${ratio.toFixed(1)} times as fast as f32` };
}

const WEIGHT = "w";
const names = int8Names(WEIGHT).w8a8;

/** Whether a product of the largest bytes is exact. */
async function sumsAreExact(runtime: Runtime): Promise<boolean> {
  const { executable, x } = product(runtime, "i8", 1);
  const { y } = await executable.run({ x });
  executable.release();
  const want = SHAPE.inner * 127;
  return (y as Float32Array).every((value) => Math.abs(value - want) < 1e-3 * want);
}

async function milliseconds(runtime: Runtime, dtype: "f32" | "i8"): Promise<number> {
  const { executable, x } = product(runtime, dtype, SHAPE.rows);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const started = performance.now();
    await executable.run({ x });
    best = Math.min(best, performance.now() - started);
  }
  executable.release();
  return best;
}

/** A program for x W^T, with x [rows, inner] of ones and W filled with 127. */
function product(
  runtime: Runtime,
  dtype: "f32" | "i8",
  rows: number,
): { executable: Executable; x: Float32Array } {
  const { inner, columns } = SHAPE;
  const filled = (value: number): Float32Array => new Float32Array(columns * inner).fill(value);
  const frozen = new Map<string, DeviceBuffer>(
    dtype === "f32"
      ? [[WEIGHT, runtime.buffer("f32", [columns, inner], filled(127))]]
      : [
          [names.values, runtime.buffer("i8", [inner, columns], new Int8Array(columns * inner).fill(127))],
          [names.scales, runtime.buffer("f32", [columns], new Float32Array(columns).fill(1))],
        ],
  );
  const inputs: Record<string, InputSpec> = { x: { shape: [rows, inner], dtype: "f32" } };
  for (const [name, { shape, dtype: type }] of frozen) inputs[name] = { shape, dtype: type, frozen: true };
  const program = trace(`int8/processor/${dtype}`, inputs, (t) => {
    const p = { tensors: new Map(Object.entries(t)), trainable: new Set<string>(), loraScale: 0 };
    return { y: weightProduct(p, WEIGHT, t.x) };
  });
  return { executable: runtime.compile(program, frozen), x: new Float32Array(rows * inner).fill(1) };
}
