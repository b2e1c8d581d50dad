/**
 * The header of a safetensors file: 8 bytes of length (little-endian), then JSON of that length, which maps a tensor's
 * name to {dtype, shape, data_offsets: [begin, end) within the rest of the file}. The file is untrusted: everything is
 * checked against its size. As in the reference implementation, tensors must fill the file without gaps.
 */
import { PlumbError } from "../../base/errors.js";
import { tensorNameProblem } from "./weights.js";

/** The reference implementation's limit. */
const MAX_SAFETENSORS_HEADER_BYTES = 100_000_000;
const MAX_TENSORS = 65_536;
const MAX_RANK = 8;

/** Bytes per element, by dtype. */
const DTYPE_BYTES = new Map<string, number>([
  ["F64", 8],
  ["F32", 4],
  ["F16", 2],
  ["BF16", 2],
  ["I64", 8],
  ["I32", 4],
  ["I16", 2],
  ["I8", 1],
  ["U64", 8],
  ["U32", 4],
  ["U16", 2],
  ["U8", 1],
  ["BOOL", 1],
  ["F8_E4M3", 1],
  ["F8_E5M2", 1],
]);

export interface SafetensorsEntry {
  dtype: string;
  shape: number[];
  elements: number;
  /** In bytes, from the beginning of the file. */
  offset: number;
  bytes: number;
}

/** The header's length, from a file's first 8 bytes. @throws PlumbError if the file cannot hold such a header. */
export function headerLength(first8: Uint8Array, fileSize: number, path: string): number {
  const length = new DataView(first8.buffer, first8.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_SAFETENSORS_HEADER_BYTES)) {
    throw unsound(
      path,
      `its header would have ${length} bytes; at most ${MAX_SAFETENSORS_HEADER_BYTES} are read`,
    );
  }
  if (8 + Number(length) > fileSize) {
    throw unsound(path, `its header has ${length} bytes, but the whole file has only ${fileSize}`);
  }
  return Number(length);
}

/** Parses and checks the header's JSON. @throws PlumbError, which names the tensor, if one is invalid. */
export function parseHeader(json: Uint8Array, fileSize: number, path: string): Map<string, SafetensorsEntry> {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(json);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unsound(path, "its header is not valid JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unsound(path, "its header is not a JSON object");
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) throw unsound(path, `the tensor ${quoted(twice)} occurs twice`);

  const dataStart = 8 + json.length;
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, description] of Object.entries(value)) {
    if (name === "__metadata__") continue;
    const problem = tensorNameProblem(name);
    if (problem !== undefined) throw unsound(path, `the tensor name ${quoted(name)} ${problem}`);
    if (entries.size >= MAX_TENSORS) throw unsound(path, `it has more than ${MAX_TENSORS} tensors`);
    entries.set(name, checkedEntry(name, description, dataStart, fileSize, path));
  }
  checkCoverage(entries, dataStart, fileSize, path);
  return entries;
}

function checkedEntry(
  name: string,
  description: unknown,
  dataStart: number,
  fileSize: number,
  path: string,
): SafetensorsEntry {
  const fail = (what: string) => unsound(path, `the tensor ${quoted(name)} ${what}`);
  if (typeof description !== "object" || description === null) throw fail("is not described by an object");
  const fields = new Map<string, unknown>(Object.entries(description));
  const dtype = fields.get("dtype");
  const bytesEach = typeof dtype === "string" ? DTYPE_BYTES.get(dtype) : undefined;
  if (typeof dtype !== "string" || bytesEach === undefined)
    throw fail(`has the unknown dtype ${quoted(String(dtype))}`);
  const shape = fields.get("shape");
  if (!isSizes(shape) || shape.length > MAX_RANK) throw fail("has no valid shape");
  const offsets = fields.get("data_offsets");
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    throw fail("has no valid data_offsets");
  const [begin, end] = offsets;
  if (dataStart + end > fileSize) {
    throw fail(`ends at byte ${dataStart + end}, but the file has only ${fileSize}: it was cut short`);
  }
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements * bytesEach !== end - begin) {
    throw fail(`is ${dtype} of shape [${shape.join(", ")}] but takes ${end - begin} bytes`);
  }
  return { dtype, shape, elements, offset: dataStart + begin, bytes: end - begin };
}

/** Checks that tensors neither overlap nor leave gaps, and that the last one ends with the file. */
function checkCoverage(
  entries: Map<string, SafetensorsEntry>,
  dataStart: number,
  fileSize: number,
  path: string,
): void {
  let end = dataStart;
  const inOrder = [...entries].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  for (const [name, entry] of inOrder) {
    if (entry.offset < end) throw unsound(path, `the tensor ${quoted(name)} overlaps another`);
    if (entry.offset > end) throw unsound(path, `bytes ${end} to ${entry.offset} belong to no tensor`);
    end = entry.offset + entry.bytes;
  }
  if (end !== fileSize) throw unsound(path, `bytes ${end} to ${fileSize} belong to no tensor`);
}

/**
 * The first key that occurs twice in one object of valid JSON text (JSON.parse keeps only the last), or undefined.
 *
 * @param level 1 for the outermost object's keys, 2 for those of objects within it.
 */
export function repeatedKey(json: string, level = 1): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === "{" || char === "[") {
      if (++depth === level) seen.clear();
    } else if (char === "}" || char === "]") depth--;
    else if (char === '"') {
      const start = i++;
      while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
      const end = i;
      while (/\s/.test(json[i + 1])) i++;
      if (depth !== level || json[i + 1] !== ":") continue;
      const key: string = JSON.parse(json.slice(start, end + 1));
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function unsound(path: string, what: string): PlumbError {
  return new PlumbError(`${path}: not a valid safetensors file: ${what}.`, {
    hint: "Fetch or save the file again.",
  });
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
