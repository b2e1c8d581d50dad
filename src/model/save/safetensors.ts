import { open } from "node:fs/promises";
import { bf16Bits, f16Bits } from "./half.js";

/** A tensor in memory, row-major. */
export interface TensorData {
  /** Outermost dimension first. */
  shape: number[];
  data: Float32Array;
}

export type FloatDtype = "F32" | "BF16" | "F16";

/** Elements of a 16-bit tensor converted at a time. */
const CONVERT_CHUNK = 4 * 1024 * 1024;

/**
 * Writes a safetensors file: header length, header, tensors in the order of their names, so that equal tensors give
 * equal bytes. The header is padded with spaces to a multiple of 8, as the format asks.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  dtype: FloatDtype = "F32",
): Promise<void> {
  const names = [...tensors.keys()].sort();
  const bytesEach = dtype === "F32" ? 4 : 2;
  const header: [string, object][] = [["__metadata__", { format: "pt" }]];
  let offset = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    const end = offset + data.length * bytesEach;
    header.push([name, { dtype, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const preamble = new Uint8Array(8 + length).fill(0x20);
  new DataView(preamble.buffer).setBigUint64(0, BigInt(length), true);
  preamble.set(json, 8);

  const file = await open(path, "w");
  try {
    await file.writeFile(preamble);
    for (const name of names) {
      for (const bytes of encoded(tensors.get(name)!.data, dtype)) await file.writeFile(bytes);
    }
  } finally {
    await file.close();
  }
}

/** The tensor's bytes, in pieces. */
function* encoded(data: Float32Array, dtype: FloatDtype): Generator<Uint8Array> {
  if (dtype === "F32") {
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return;
  }
  const convert = dtype === "BF16" ? bf16Bits : f16Bits;
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let from = 0; from < bits.length; from += CONVERT_CHUNK) {
    const part = new Uint16Array(Math.min(CONVERT_CHUNK, bits.length - from));
    for (let i = 0; i < part.length; i++) part[i] = convert(bits[from + i]);
    yield new Uint8Array(part.buffer);
  }
}
