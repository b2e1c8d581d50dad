import { type FileHandle, open } from "node:fs/promises";
import { elementCount } from "../../base/element-count.js";
import { bf16Bits, f16Bits } from "./to-half.js";

/** A tensor in memory, row-major. */
export interface TensorData {
  /** Outermost dimension first. */
  shape: number[];
  data: Float32Array;
}

/** A tensor that is computed as it is written, so that it is never in memory as a whole. */
export interface TensorPieces {
  shape: readonly number[];
  /** Its values in order. A piece is no longer used once the next one is requested, and may share its memory. */
  pieces(): Iterable<Float32Array> | AsyncIterable<Float32Array>;
}

/** 8-bit integers, computed as they are written. */
export interface Int8Pieces {
  shape: readonly number[];
  dtype: "I8";
  pieces(): Iterable<Int8Array> | AsyncIterable<Int8Array>;
}

export type SavedTensor = TensorData | TensorPieces | Int8Pieces;

/** Types of numbers in which weights are stored; all of them are computed in f32. */
export type FloatDtype = "F32" | "BF16" | "F16";

/** Elements converted and written at a time; one call writes at most 2 GiB. */
const CHUNK_ELEMENTS = 4 * 1024 * 1024;

const ELEMENT_BYTES = { F32: 4, BF16: 2, F16: 2, I8: 1 };

/** The type as which a tensor is stored; integers keep theirs. */
const storedAs = (tensor: SavedTensor, dtype: FloatDtype): keyof typeof ELEMENT_BYTES =>
  "dtype" in tensor ? tensor.dtype : dtype;

/** Bytes of a tensor in a file. */
export const savedBytes = (tensor: SavedTensor, dtype: FloatDtype): number =>
  elementCount(tensor.shape) * ELEMENT_BYTES[storedAs(tensor, dtype)];

/**
 * Writes a safetensors file: header length, header, then tensors in the order of their names, so that equal tensors
 * give equal bytes. The header is padded with spaces to a multiple of 8, as the format requires.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, SavedTensor>,
  dtype: FloatDtype = "F32",
): Promise<void> {
  const inOrder = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const header: [string, object][] = [["__metadata__", { format: "pt" }]];
  let offset = 0;
  for (const [name, tensor] of inOrder) {
    const end = offset + savedBytes(tensor, dtype);
    const stored = { dtype: storedAs(tensor, dtype), shape: tensor.shape, data_offsets: [offset, end] };
    header.push([name, stored]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const preamble = new Uint8Array(8 + length).fill(0x20);
  new DataView(preamble.buffer).setBigUint64(0, BigInt(length), true);
  preamble.set(json, 8);

  const file = await open(path, "w");
  try {
    await writeAll(file, preamble);
    const halves = new Uint16Array(dtype === "F32" ? 0 : CHUNK_ELEMENTS);
    for (const [name, tensor] of inOrder) {
      let written = 0;
      for await (const piece of "data" in tensor ? [tensor.data] : tensor.pieces()) {
        for (let from = 0; from < piece.length; from += CHUNK_ELEMENTS) {
          const bytes = encoded(piece.subarray(from, from + CHUNK_ELEMENTS), dtype, halves);
          await writeAll(file, bytes);
          written += bytes.length;
        }
      }
      if (written !== savedBytes(tensor, dtype))
        throw new Error(`${name} of shape [${tensor.shape.join(", ")}] came as ${written} bytes`);
    }
  } finally {
    await file.close();
  }
}

/** The values' bytes; 16-bit ones are in `halves` until the next call. */
function encoded(values: Float32Array | Int8Array, dtype: FloatDtype, halves: Uint16Array): Uint8Array {
  if (dtype === "F32" || values instanceof Int8Array)
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const convert = dtype === "BF16" ? bf16Bits : f16Bits;
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = convert(bits[i]);
  return new Uint8Array(halves.buffer, 0, 2 * bits.length);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}
