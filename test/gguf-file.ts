/** Builds small GGUF files for tests. */

/** A metadata value with its GGUF type number (ggml's docs/gguf.md). */
export type TypedValue =
  | { type: 2 | 4 | 5 | 6; value: number }
  | { type: 7; value: boolean }
  | { type: 8; value: string }
  | { type: 9; elementType: number; values: (string | number)[] };

export const u32 = (value: number): TypedValue => ({ type: 4, value });
export const u16 = (value: number): TypedValue => ({ type: 2, value });
export const f32 = (value: number): TypedValue => ({ type: 6, value });
export const text = (value: string): TypedValue => ({ type: 8, value });
export const texts = (values: string[]): TypedValue => ({ type: 9, elementType: 8, values });
export const bool = (value: boolean): TypedValue => ({ type: 7, value });
export const f32s = (values: number[]): TypedValue => ({ type: 9, elementType: 6, values });
export const ints = (values: number[]): TypedValue => ({ type: 9, elementType: 5, values });

export interface TestTensor {
  /** Outermost dimension first. */
  shape: number[];
  /** ggml's type number. */
  type: number;
  bytes: Uint8Array;
}

export function f32Tensor(shape: number[], data: ArrayLike<number>): TestTensor {
  return { shape, type: 0, bytes: new Uint8Array(Float32Array.from(data).buffer) };
}

export function ggufFile(
  metadata: Record<string, TypedValue>,
  tensors: Record<string, TestTensor>,
  version = 3,
): Uint8Array {
  const out = new ByteWriter();
  out.raw(new TextEncoder().encode("GGUF"));
  out.u32(version);
  out.u64(Object.keys(tensors).length);
  out.u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    out.string(key);
    out.u32(value.type);
    writeValue(out, value);
  }
  let offset = 0;
  for (const [name, { shape, type, bytes }] of Object.entries(tensors)) {
    out.string(name);
    out.u32(shape.length);
    for (const size of [...shape].reverse()) out.u64(size);
    out.u32(type);
    out.u64(offset);
    offset = aligned(offset + bytes.length);
  }
  for (const { bytes } of Object.values(tensors)) {
    out.pad();
    out.raw(bytes);
  }
  return out.bytes();
}

const aligned = (size: number): number => Math.ceil(size / 32) * 32;

function writeValue(out: ByteWriter, value: TypedValue): void {
  if (value.type === 9) {
    out.u32(value.elementType);
    out.u64(value.values.length);
    for (const element of value.values) {
      if (typeof element === "string") out.string(element);
      else if (value.elementType === 6) out.raw(new Uint8Array(Float32Array.of(element).buffer));
      else out.u32(element);
    }
  } else if (value.type === 8) out.string(value.value);
  else if (value.type === 2) out.raw(new Uint8Array(Uint16Array.of(value.value).buffer));
  else if (value.type === 7) out.raw(Uint8Array.of(value.value ? 1 : 0));
  else if (value.type === 6) out.raw(new Uint8Array(Float32Array.of(value.value).buffer));
  else out.u32(value.value);
}

class ByteWriter {
  private readonly parts: number[] = [];

  raw(bytes: Uint8Array): void {
    for (const byte of bytes) this.parts.push(byte);
  }
  u32(value: number): void {
    this.raw(new Uint8Array(Uint32Array.of(value).buffer));
  }
  u64(value: number): void {
    this.raw(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }
  string(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.u64(bytes.length);
    this.raw(bytes);
  }
  pad(): void {
    while (this.parts.length % 32 !== 0) this.parts.push(0);
  }
  bytes(): Uint8Array {
    return Uint8Array.from(this.parts);
  }
}
