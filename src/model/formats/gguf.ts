/**
 * GGUF, versions 2 and 3 (ggml's docs/gguf.md): header, metadata and tensor directory of an untrusted file.
 *
 * Every count, length and offset is checked against the file's size before anything is allocated or read.
 */
import { PlumbError } from "../../base/errors.js";
import { TENSOR_TYPES } from "./dequantize.js";
import { RandomAccessFile, type ReadOptions } from "./random-access.js";
import { readFloats } from "./read-floats.js";
import { type OpenWeights, tensorNameProblem, unknownTensor } from "./weights.js";

/**
 * Most bytes of header, metadata and tensor directory together; the largest in use are about 20 MB (262,144 tokens).
 */
const MAX_GGUF_HEADER_BYTES = 64 * 1024 * 1024;
const MAX_GGUF_STRING_BYTES = 16 * 1024 * 1024;
const MAX_GGUF_ARRAY_LENGTH = 4 * 1024 * 1024;
const MAX_GGUF_ENTRIES = 65_536;
const MAX_DIMENSIONS = 4;
const MAX_ALIGNMENT = 1024 * 1024;
const DEFAULT_ALIGNMENT = 32;
const FIRST_READ_BYTES = 4 * 1024 * 1024;

export type GgufValue = number | bigint | boolean | string | GgufValue[];

interface GgufTensor {
  name: string;
  /** Outermost dimension first (the file stores the reverse). */
  shape: number[];
  /** ggml's type number; a key of TENSOR_TYPES. */
  type: number;
  elements: number;
  /** In bytes, from the beginning of the file. */
  offset: number;
  bytes: number;
}

interface GgufHeader {
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: ReadonlyMap<string, GgufTensor>;
}

export interface GgufFile extends GgufHeader {
  path: string;
  weights: OpenWeights;
}

/** Opens a GGUF file and reads its header. @throws PlumbError if it is not a valid GGUF file. */
export async function openGguf(path: string, options?: ReadOptions): Promise<GgufFile> {
  const file = await RandomAccessFile.open(path, options);
  try {
    const header = await readHeader(file);
    return { ...header, path, weights: ggufWeights(file, header.tensors) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads longer and longer prefixes until one holds the whole header. */
async function readHeader(file: RandomAccessFile): Promise<GgufHeader> {
  const most = Math.min(file.size, MAX_GGUF_HEADER_BYTES);
  for (let length = Math.min(FIRST_READ_BYTES, most); ; length = Math.min(length * 4, most)) {
    const header = parseGguf(await file.read(0, length), file.size, file.path);
    if (header !== undefined) return header;
    if (length === most) {
      throw new PlumbError(`${file.path}: the GGUF header is longer than ${MAX_GGUF_HEADER_BYTES} bytes.`);
    }
  }
}

/**
 * Parses the header from the first bytes of a file.
 *
 * @param fileSize the whole file's size in bytes, against which offsets are checked.
 * @returns undefined if the prefix ends inside the header.
 * @throws PlumbError, which names the offset, if the file is not valid.
 */
export function parseGguf(prefix: Uint8Array, fileSize: number, path: string): GgufHeader | undefined {
  const cursor = new Cursor(prefix, fileSize, path);
  try {
    const [tensorCount, pairCount] = readPreamble(cursor);
    const metadata = new Map<string, GgufValue>();
    for (let i = 0; i < pairCount; i++) {
      const key = cursor.string();
      if (metadata.has(key)) cursor.fail(`the metadata key ${JSON.stringify(key)} occurs twice`);
      metadata.set(key, readValue(cursor, cursor.u32(), 0));
    }
    const alignment = alignmentOf(cursor, metadata.get("general.alignment"));
    const tensors = readDirectory(cursor, tensorCount, alignment);
    return { metadata, tensors };
  } catch (error) {
    if (error instanceof NeedMoreBytes) return undefined;
    throw error;
  }
}

function readPreamble(cursor: Cursor): [tensors: number, pairs: number] {
  const magic = String.fromCharCode(...cursor.bytes(4));
  if (magic !== "GGUF") cursor.fail(`it begins with ${JSON.stringify(magic)} instead of "GGUF"`, 0);
  const version = cursor.u32();
  if (version > 0xffff) cursor.fail("it is big-endian; only little-endian GGUF is read", 4);
  if (version !== 2 && version !== 3) cursor.fail(`version ${version} is not read; expected 2 or 3`, 4);
  return [
    cursor.count("tensors", MAX_GGUF_ENTRIES, 24),
    cursor.count("metadata pairs", MAX_GGUF_ENTRIES, 13),
  ];
}

function readValue(cursor: Cursor, type: number, depth: number): GgufValue {
  switch (type) {
    case 0:
      return cursor.u8();
    case 1:
      return (cursor.u8() << 24) >> 24;
    case 2:
      return cursor.u16();
    case 3:
      return (cursor.u16() << 16) >> 16;
    case 4:
      return cursor.u32();
    case 5:
      return cursor.u32() | 0;
    case 6:
      return cursor.f32();
    case 7:
      return cursor.u8() !== 0;
    case 8:
      return cursor.string();
    case 9: {
      if (depth > 1) cursor.fail("arrays are nested more than twice");
      const elementType = cursor.u32();
      const length = cursor.count("array elements", MAX_GGUF_ARRAY_LENGTH, VALUE_BYTES[elementType] ?? 1);
      const values: GgufValue[] = [];
      for (let i = 0; i < length; i++) values.push(readValue(cursor, elementType, depth + 1));
      return values;
    }
    case 10:
      return cursor.u64();
    case 11:
      return BigInt.asIntN(64, cursor.u64());
    case 12:
      return cursor.f64();
    default:
      return cursor.fail(`the metadata type ${type} is not known`);
  }
}

/** Minimum bytes of a value of each metadata type. */
const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

function alignmentOf(cursor: Cursor, value: GgufValue | undefined): number {
  if (value === undefined) return DEFAULT_ALIGNMENT;
  if (typeof value !== "number" || value < 8 || value % 8 !== 0 || value > MAX_ALIGNMENT) {
    return cursor.fail(
      `general.alignment is ${String(value)}; expected a multiple of 8 up to ${MAX_ALIGNMENT}`,
    );
  }
  return value;
}

function readDirectory(cursor: Cursor, count: number, alignment: number): Map<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  for (let i = 0; i < count; i++) {
    const tensor = readTensorInfo(cursor, alignment);
    if (tensors.has(tensor.name)) cursor.fail(`the tensor ${JSON.stringify(tensor.name)} occurs twice`);
    tensors.set(tensor.name, tensor);
  }
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  const inOrder = [...tensors.values()].sort((a, b) => a.offset - b.offset);
  let end = dataStart;
  for (const tensor of inOrder) {
    tensor.offset += dataStart;
    if (tensor.offset < end) cursor.fail(`the tensor ${JSON.stringify(tensor.name)} overlaps another`);
    end = tensor.offset + tensor.bytes;
    if (end > cursor.fileSize) {
      cursor.fail(
        `the tensor ${JSON.stringify(tensor.name)} ends at byte ${end}, but the file has only ${cursor.fileSize}: it was cut short`,
      );
    }
  }
  return tensors;
}

/** Reads one entry of the directory; its offset is still relative to the beginning of the data. */
function readTensorInfo(cursor: Cursor, alignment: number): GgufTensor {
  const name = cursor.string();
  const problem = tensorNameProblem(name);
  const quoted = JSON.stringify(name.slice(0, 64));
  if (problem !== undefined) cursor.fail(`the tensor name ${quoted} ${problem}`);
  const rank = cursor.u32();
  if (rank < 1 || rank > MAX_DIMENSIONS)
    cursor.fail(`the tensor ${quoted} has ${rank} dimensions; expected 1 to 4`);
  const reversed: number[] = [];
  let elements = 1;
  for (let i = 0; i < rank; i++) {
    reversed.push(cursor.safeU64(`a dimension of ${quoted}`));
    elements *= reversed[i];
  }
  const typeNumber = cursor.u32();
  const type = TENSOR_TYPES.get(typeNumber);
  if (type === undefined) return cursor.fail(`the tensor ${quoted} has the unknown type ${typeNumber}`);
  if (reversed[0] % type.blockSize !== 0) {
    cursor.fail(
      `the rows of ${quoted} have ${reversed[0]} weights, not a multiple of ${type.name}'s block of ${type.blockSize}`,
    );
  }
  const bytes = (elements / type.blockSize) * type.blockBytes;
  if (bytes > cursor.fileSize) cursor.fail(`the tensor ${quoted} would take more bytes than the file has`);
  const offset = cursor.safeU64(`the offset of ${quoted}`);
  if (offset % alignment !== 0)
    cursor.fail(`the offset of ${quoted}, ${offset}, is not a multiple of ${alignment}`);
  return { name, shape: reversed.reverse(), type: typeNumber, elements, offset, bytes };
}

/** Thrown when the prefix ends before the header does. */
class NeedMoreBytes extends Error {}

/** Reads little-endian values from a prefix of a file. */
class Cursor {
  position = 0;
  private readonly view: DataView;
  private readonly utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(
    private readonly prefix: Uint8Array,
    readonly fileSize: number,
    private readonly path: string,
  ) {
    this.view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  }

  fail(what: string, at = this.position): never {
    throw new PlumbError(`${this.path}: not a valid GGUF file: at byte ${at}, ${what}.`, {
      hint: "Fetch or convert the file again.",
    });
  }

  /** Moves past `length` bytes and returns their start. */
  private take(length: number): number {
    const start = this.position;
    if (length > this.fileSize - start)
      this.fail(`${length} bytes are expected, but the file ends before them`);
    if (length > this.prefix.length - start) throw new NeedMoreBytes();
    this.position += length;
    return start;
  }

  bytes(length: number): Uint8Array {
    const start = this.take(length);
    return this.prefix.subarray(start, start + length);
  }
  u8(): number {
    return this.view.getUint8(this.take(1));
  }
  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }
  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }
  f32(): number {
    return this.view.getFloat32(this.take(4), true);
  }
  f64(): number {
    return this.view.getFloat64(this.take(8), true);
  }
  u64(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }

  /** A 64-bit integer, which must be exact in a double. */
  safeU64(what: string): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.fail(`${what} is ${value}, which no file can hold`);
    return Number(value);
  }

  /** A 64-bit count of items that take at least `bytesEach` bytes each. */
  count(what: string, most: number, bytesEach: number): number {
    const value = this.safeU64(`the number of ${what}`);
    if (value > most) this.fail(`there are ${value} ${what}; at most ${most} are read`);
    if (value * bytesEach > this.fileSize - this.position)
      this.fail(`there are ${value} ${what}, more than the file can hold`);
    return value;
  }

  string(): string {
    const length = this.safeU64("a string's length");
    if (length > MAX_GGUF_STRING_BYTES)
      this.fail(`a string has ${length} bytes; at most ${MAX_GGUF_STRING_BYTES} are read`);
    return this.utf8.decode(this.bytes(length));
  }
}

/** The tensors of an open file, under ggml's names. */
function ggufWeights(file: RandomAccessFile, tensors: ReadonlyMap<string, GgufTensor>): OpenWeights {
  const find = (name: string) => tensors.get(name) ?? unknownTensor(name, file.path);
  return {
    names: () => [...tensors.keys()],
    has: (name) => tensors.has(name),
    shape: (name) => [...find(name).shape],
    dtype: (name) => TENSOR_TYPES.get(find(name).type)!.name,
    async read(name) {
      const tensor = find(name);
      return readFloats(file, name, tensor, TENSOR_TYPES.get(tensor.type)!);
    },
    close: () => file.close(),
  };
}
