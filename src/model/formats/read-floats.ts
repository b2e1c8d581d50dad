import { PlumbError } from "../../base/errors.js";
import { TENSOR_TYPES, type TensorType } from "./dequantize.js";
import type { RandomAccessFile } from "./random-access.js";
import { allocateF32, checkFinite } from "./weights.js";

/** A tensor's place in a file. */
interface StoredTensor {
  elements: number;
  /** In bytes, from the beginning of the file. */
  offset: number;
}

/**
 * Reads a tensor as float32 into memory of its own. It is read, converted and checked for NaN a chunk at a time, so
 * that only the result is ever held as a whole.
 *
 * @throws PlumbError if it holds NaN or an infinity, or its type is not supported.
 */
export async function readFloats(
  file: RandomAccessFile,
  name: string,
  { elements, offset }: StoredTensor,
  { name: typeName, blockSize, blockBytes, decode }: TensorType,
): Promise<Float32Array<ArrayBuffer>> {
  if (decode === undefined) throw notRead(file.path, name, typeName);
  const out = allocateF32(elements);
  if (typeName === "F32") {
    const step = Math.ceil(file.chunkBytes / 4);
    for (let from = 0; from < elements; from += step) {
      const part = out.subarray(from, from + step);
      await file.readInto(new Uint8Array(out.buffer, part.byteOffset, part.byteLength), offset + 4 * from);
      checkFinite(part, name, file.path);
    }
    return out;
  }
  await file.eachChunk(offset, (elements / blockSize) * blockBytes, blockBytes, (chunk, before) => {
    const from = (before / blockBytes) * blockSize;
    const part = out.subarray(from, from + (chunk.length / blockBytes) * blockSize);
    decode(chunk, part);
    checkFinite(part, name, file.path);
  });
  return out;
}

function notRead(path: string, name: string, type: string): PlumbError {
  const readable = [...TENSOR_TYPES.values()].filter(({ decode }) => decode).map((known) => known.name);
  return new PlumbError(`${path}: the tensor ${name} is stored as ${type}, which is not read.`, {
    hint: `Use a file in one of ${readable.join(", ")}.`,
  });
}
