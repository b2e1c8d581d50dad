/**
 * Converts ggml's tensor types to float32.
 *
 * Block layouts are as ggml documents them (ggml-common.h and the reference functions of ggml-quants.c). All numbers
 * are little-endian; d, m and dmin are float16. Weights of a block are consecutive along the innermost dimension.
 */
import { decodeIq4Nl, decodeIq4Xs, decodeMxfp4 } from "./dequantize-levels.js";
import {
  decodeQ2K,
  decodeQ3K,
  decodeQ4K,
  decodeQ5K,
  decodeQ6K,
  decodeQ8K,
  SUPER,
} from "./dequantize-super.js";
import { bf16ToF32, f16ToF32, f16ToF32Table } from "./half.js";

/** How a type of GGUF stores weights: in blocks of so many bytes. */
export interface TensorType {
  name: string;
  /** Weights in a block. */
  blockSize: number;
  /** Bytes in a block. */
  blockBytes: number;
  /**
   * Decodes whole blocks into `out`, whose length is a multiple of `blockSize`. Undefined for types that are known but
   * not supported.
   */
  decode?: (bytes: Uint8Array, out: Float32Array) => void;
}

/** ggml's type numbers. */
export const TENSOR_TYPES: ReadonlyMap<number, TensorType> = new Map<number, TensorType>([
  [0, { name: "F32", blockSize: 1, blockBytes: 4, decode: decodeF32 }],
  [1, { name: "F16", blockSize: 1, blockBytes: 2, decode: f16ToF32 }],
  [2, { name: "Q4_0", blockSize: 32, blockBytes: 18, decode: decodeQ4Zero }],
  [3, { name: "Q4_1", blockSize: 32, blockBytes: 20, decode: decodeQ4One }],
  [6, { name: "Q5_0", blockSize: 32, blockBytes: 22, decode: decodeQ5Zero }],
  [7, { name: "Q5_1", blockSize: 32, blockBytes: 24, decode: decodeQ5One }],
  [8, { name: "Q8_0", blockSize: 32, blockBytes: 34, decode: decodeQ8Zero }],
  [9, { name: "Q8_1", blockSize: 32, blockBytes: 36 }],
  [10, { name: "Q2_K", blockSize: SUPER, blockBytes: 84, decode: decodeQ2K }],
  [11, { name: "Q3_K", blockSize: SUPER, blockBytes: 110, decode: decodeQ3K }],
  [12, { name: "Q4_K", blockSize: SUPER, blockBytes: 144, decode: decodeQ4K }],
  [13, { name: "Q5_K", blockSize: SUPER, blockBytes: 176, decode: decodeQ5K }],
  [14, { name: "Q6_K", blockSize: SUPER, blockBytes: 210, decode: decodeQ6K }],
  [15, { name: "Q8_K", blockSize: SUPER, blockBytes: 292, decode: decodeQ8K }],
  [16, { name: "IQ2_XXS", blockSize: SUPER, blockBytes: 66 }],
  [17, { name: "IQ2_XS", blockSize: SUPER, blockBytes: 74 }],
  [18, { name: "IQ3_XXS", blockSize: SUPER, blockBytes: 98 }],
  [19, { name: "IQ1_S", blockSize: SUPER, blockBytes: 50 }],
  [20, { name: "IQ4_NL", blockSize: 32, blockBytes: 18, decode: decodeIq4Nl }],
  [21, { name: "IQ3_S", blockSize: SUPER, blockBytes: 110 }],
  [22, { name: "IQ2_S", blockSize: SUPER, blockBytes: 82 }],
  [23, { name: "IQ4_XS", blockSize: SUPER, blockBytes: 136, decode: decodeIq4Xs }],
  [29, { name: "IQ1_M", blockSize: SUPER, blockBytes: 56 }],
  [30, { name: "BF16", blockSize: 1, blockBytes: 2, decode: bf16ToF32 }],
  [34, { name: "TQ1_0", blockSize: SUPER, blockBytes: 54 }],
  [35, { name: "TQ2_0", blockSize: SUPER, blockBytes: 66 }],
  [39, { name: "MXFP4", blockSize: 32, blockBytes: 17, decode: decodeMxfp4 }],
]);

function decodeF32(bytes: Uint8Array, out: Float32Array): void {
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
}

/** Q8_0: d, int8 q[32]; w = d q. */
function decodeQ8Zero(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 34, to += 32) {
    const d = half[bytes[at] | (bytes[at + 1] << 8)];
    for (let i = 0; i < 32; i++) out[to + i] = d * ((bytes[at + 2 + i] << 24) >> 24);
  }
}

/** Q4_0: d, nibbles[16]; weight i is the low nibble of byte i, weight i+16 the high one; w = d (q - 8). */
function decodeQ4Zero(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 18, to += 32) {
    const d = half[bytes[at] | (bytes[at + 1] << 8)];
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 2 + i];
      out[to + i] = d * ((q & 15) - 8);
      out[to + 16 + i] = d * ((q >> 4) - 8);
    }
  }
}

/** Q4_1: d, m, nibbles[16] in the order of Q4_0; w = d q + m. */
function decodeQ4One(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 20, to += 32) {
    const d = half[bytes[at] | (bytes[at + 1] << 8)];
    const m = half[bytes[at + 2] | (bytes[at + 3] << 8)];
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 4 + i];
      out[to + i] = d * (q & 15) + m;
      out[to + 16 + i] = d * (q >> 4) + m;
    }
  }
}

/** Q5_0: d, fifth bits (one u32, bit i for weight i), nibbles[16] in the order of Q4_0; w = d (q - 16). */
function decodeQ5Zero(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 22, to += 32) {
    const d = half[bytes[at] | (bytes[at + 1] << 8)];
    const high = readU32(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 6 + i];
      out[to + i] = d * (((q & 15) | (((high >>> i) & 1) << 4)) - 16);
      out[to + 16 + i] = d * (((q >> 4) | (((high >>> (i + 16)) & 1) << 4)) - 16);
    }
  }
}

/** Q5_1: d, m, then as Q5_0; w = d q + m. */
function decodeQ5One(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 24, to += 32) {
    const d = half[bytes[at] | (bytes[at + 1] << 8)];
    const m = half[bytes[at + 2] | (bytes[at + 3] << 8)];
    const high = readU32(bytes, at + 4);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 8 + i];
      out[to + i] = d * ((q & 15) | (((high >>> i) & 1) << 4)) + m;
      out[to + 16 + i] = d * ((q >> 4) | (((high >>> (i + 16)) & 1) << 4)) + m;
    }
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}
