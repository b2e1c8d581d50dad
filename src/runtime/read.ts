import type { DeviceBuffer } from "./runtime.js";

/** `read` of a buffer of f32. @throws Error where it is of another type. */
export async function readFloats(buffer: DeviceBuffer): Promise<Float32Array> {
  const data = await buffer.read();
  if (data instanceof Float32Array) return data;
  throw new Error(`a buffer of f32 is needed, not of ${buffer.dtype}`);
}
