import type { DeviceBuffer } from "./runtime.js";

/** Reads a buffer of f32. @throws Error if it has another type. */
export async function readFloats(buffer: DeviceBuffer): Promise<Float32Array> {
  const data = await buffer.read();
  if (data instanceof Float32Array) return data;
  throw new Error(`expected a buffer of f32, got ${buffer.dtype}`);
}
