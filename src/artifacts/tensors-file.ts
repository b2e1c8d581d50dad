/**
 * Tensors in a file of the safetensors layout: 8 bytes with the header's length, a JSON header that names each tensor's
 * type, shape and byte range, then the data, little-endian. Checkpoints use it, and any reader of safetensors can read
 * it.
 */

import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { elementCount } from "../base/element-count.js";
import { PlumbError } from "../base/errors.js";

export type TensorRecord =
  | { dtype: "f32"; shape: number[]; data: Float32Array }
  | { dtype: "i32"; shape: number[]; data: Int32Array }
  | { dtype: "i64"; shape: number[]; data: BigInt64Array };

/** Longest header that is read; a hundred thousand tensors fit. */
const MAX_HEADER_BYTES = 32 * 2 ** 20;
/** Bytes read or written at a time. */
const CHUNK_BYTES = 32 * 2 ** 20;

const DTYPES = {
  f32: { code: "F32", bytes: 4, array: Float32Array },
  i32: { code: "I32", bytes: 4, array: Int32Array },
  i64: { code: "I64", bytes: 8, array: BigInt64Array },
} as const;

const dimension = z.number().int().nonnegative();
const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.enum(["F32", "I32", "I64"]),
    shape: z.array(dimension).max(8),
    data_offsets: z.tuple([dimension, dimension]),
  }),
);

/** Size and hash of a written file. */
export interface FileDigest {
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

/**
 * Writes tensors in the map's order to a new file. @throws Error if a shape does not fit its data, or writing fails.
 */
export async function writeTensorsFile(
  path: string,
  tensors: ReadonlyMap<string, TensorRecord>,
): Promise<FileDigest> {
  const header = encodeHeader(tensors);
  const hash = createHash("sha256");
  const file = await open(path, "wx");
  let bytes = 0;
  try {
    for (const part of [header, ...[...tensors.values()].map(({ data }) => data)]) {
      for (const chunk of chunksOf(part)) {
        hash.update(chunk);
        await file.writeFile(chunk);
        bytes += chunk.length;
      }
    }
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** An array's bytes in views of CHUNK_BYTES: Node 20 does not allow a view of more than 4 GiB. */
function* chunksOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Generator<Uint8Array> {
  for (let start = 0; start < byteLength; start += CHUNK_BYTES)
    yield new Uint8Array(buffer, byteOffset + start, Math.min(CHUNK_BYTES, byteLength - start));
}

function encodeHeader(tensors: ReadonlyMap<string, TensorRecord>): Uint8Array {
  const header: [string, object][] = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (elementCount(shape) !== data.length) {
      throw new Error(`tensor ${name} of shape [${shape}] has ${data.length} elements`);
    }
    header.push([
      name,
      { dtype: DTYPES[dtype].code, shape, data_offsets: [offset, offset + data.byteLength] },
    ]);
    offset += data.byteLength;
  }
  const json = JSON.stringify(Object.fromEntries(header));
  const length = Buffer.byteLength(json);
  const padded = Math.ceil(length / 8) * 8;
  const encoded = Buffer.alloc(8 + padded, " ");
  encoded.writeBigUInt64LE(BigInt(padded));
  encoded.write(json, 8);
  return encoded;
}

/** Reads every tensor of a file. @throws PlumbError if header and file do not match. */
export async function readTensorsFile(path: string): Promise<Map<string, TensorRecord>> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const { header, dataStart } = await readHeader(file, size, path);
    const tensors = new Map<string, TensorRecord>();
    let expectedStart = 0;
    for (const [name, { dtype: code, shape, data_offsets }] of header) {
      const [start, end] = data_offsets;
      const dtype = code.toLowerCase() as TensorRecord["dtype"];
      const length = elementCount(shape);
      if (start !== expectedStart || end - start !== length * DTYPES[dtype].bytes || dataStart + end > size) {
        throw damaged(path, `tensor ${name} of shape [${shape}] does not fit bytes ${start} to ${end}`);
      }
      expectedStart = end;
      const data = new DTYPES[dtype].array(length);
      await readInto(file, data, dataStart + start);
      tensors.set(name, { dtype, shape, data } as TensorRecord);
    }
    if (dataStart + expectedStart !== size) throw damaged(path, "it has bytes outside all tensors");
    return tensors;
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, size: number, path: string) {
  const lengthBytes = Buffer.alloc(8);
  if (size >= 8) await readInto(file, lengthBytes, 0);
  const length = Number(lengthBytes.readBigUInt64LE());
  if (size < 8 || length > MAX_HEADER_BYTES || 8 + length > size)
    throw damaged(path, "its header is cut off");
  const bytes = Buffer.alloc(length);
  await readInto(file, bytes, 8);
  try {
    const header = Object.entries(headerSchema.parse(JSON.parse(bytes.toString("utf8"))));
    return {
      header: header.sort(([, a], [, b]) => byOffsets(a.data_offsets, b.data_offsets)),
      dataStart: 8 + length,
    };
  } catch (error) {
    throw damaged(path, "its header is not a list of tensors", error);
  }
}

function byOffsets(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}

async function readInto(file: FileHandle, into: ArrayBufferView, position: number): Promise<void> {
  let at = position;
  for (const chunk of chunksOf(into)) {
    for (let done = 0; done < chunk.length; ) {
      const { bytesRead } = await file.read(chunk, done, chunk.length - done, at + done);
      if (bytesRead === 0) throw new PlumbError("a file of tensors was truncated while it was being read");
      done += bytesRead;
    }
    at += chunk.length;
  }
}

function damaged(path: string, what: string, cause?: unknown): PlumbError {
  return new PlumbError(`${path} is damaged: ${what}`, { cause });
}
