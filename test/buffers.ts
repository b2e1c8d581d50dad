/** Buffers as tests of ONNX Runtime see them: their memory itself, which the layers above the runtime never do. */
import { OrtBuffer } from "../src/runtime/ort/buffer.js";
import type { DeviceBuffer, HostArray } from "../src/runtime/runtime.js";

/**
 * The memory of a buffer of ONNX Runtime's: what is written to it is in the buffer. It is of f32 unless another type is
 * named.
 */
export function memoryOf(buffer: DeviceBuffer | undefined): Float32Array;
export function memoryOf<A extends HostArray>(buffer: DeviceBuffer | undefined): A;
export function memoryOf(buffer: DeviceBuffer | undefined): HostArray {
  if (buffer instanceof OrtBuffer) return buffer.values();
  throw new Error("memoryOf needs a buffer of ONNX Runtime's");
}
