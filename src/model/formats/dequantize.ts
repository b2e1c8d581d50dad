/**
 * Converts ggml's tensor types to float32.
 *
 * Block layouts are as ggml documents them (ggml-common.h and the reference functions of ggml-quants.c). All numbers
 * are little-endian; d, m and dmin are float16. Weights of a block are consecutive along the innermost dimension.
 */
import { bf16ToF32, f16ToF32, f16ToF32Table } from "./half.js";

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

/** Weights in a K-quant's super-block. */
const SUPER = 256;

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
  [10, { name: "Q2_K", blockSize: SUPER, blockBytes: 84 }],
  [11, { name: "Q3_K", blockSize: SUPER, blockBytes: 110 }],
  [12, { name: "Q4_K", blockSize: SUPER, blockBytes: 144, decode: decodeQ4K }],
  [13, { name: "Q5_K", blockSize: SUPER, blockBytes: 176, decode: decodeQ5K }],
  [14, { name: "Q6_K", blockSize: SUPER, blockBytes: 210, decode: decodeQ6K }],
  [15, { name: "Q8_K", blockSize: SUPER, blockBytes: 292 }],
  [16, { name: "IQ2_XXS", blockSize: SUPER, blockBytes: 66 }],
  [17, { name: "IQ2_XS", blockSize: SUPER, blockBytes: 74 }],
  [18, { name: "IQ3_XXS", blockSize: SUPER, blockBytes: 98 }],
  [20, { name: "IQ4_NL", blockSize: 32, blockBytes: 18 }],
  [21, { name: "IQ3_S", blockSize: SUPER, blockBytes: 110 }],
  [22, { name: "IQ2_S", blockSize: SUPER, blockBytes: 82 }],
  [23, { name: "IQ4_XS", blockSize: SUPER, blockBytes: 136 }],
  [30, { name: "BF16", blockSize: 1, blockBytes: 2, decode: bf16ToF32 }],
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

/**
 * Scale j of a Q4_K or Q5_K super-block's 12 bytes at `at`: eight 6-bit scales and eight 6-bit minima. Those of
 * j < 4 are the low 6 bits of bytes j and j+4; the others are nibbles of byte j+4 with 2 high bits from j-4 and j.
 */
function kScale(bytes: Uint8Array, at: number, j: number): number {
  return j < 4 ? bytes[at + j] & 63 : (bytes[at + j + 4] & 15) | ((bytes[at + j - 4] >> 6) << 4);
}

/** Minimum j of the same 12 bytes. */
function kMinimum(bytes: Uint8Array, at: number, j: number): number {
  return j < 4 ? bytes[at + j + 4] & 63 : (bytes[at + j + 4] >> 4) | ((bytes[at + j] >> 6) << 4);
}

/** Q4_K: d, dmin, scales[12], nibbles[128]; sub-blocks 2k and 2k+1 share bytes 32k..32k+31 (low, high nibble). */
function decodeQ4K(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 144, to += SUPER) {
    const d = half[bytes[at] | (bytes[at + 1] << 8)];
    const dmin = half[bytes[at + 2] | (bytes[at + 3] << 8)];
    for (let j = 0; j < 8; j++) {
      const scale = d * kScale(bytes, at + 4, j);
      const minimum = dmin * kMinimum(bytes, at + 4, j);
      const from = at + 16 + (j >> 1) * 32;
      const shift = (j & 1) * 4;
      for (let i = 0; i < 32; i++) out[to + j * 32 + i] = scale * ((bytes[from + i] >> shift) & 15) - minimum;
    }
  }
}

/** Q5_K: d, dmin, scales[12], fifth bits[32] (bit j of byte i for weight i of sub-block j), nibbles[128] as Q4_K. */
function decodeQ5K(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 176, to += SUPER) {
    const d = half[bytes[at] | (bytes[at + 1] << 8)];
    const dmin = half[bytes[at + 2] | (bytes[at + 3] << 8)];
    for (let j = 0; j < 8; j++) {
      const scale = d * kScale(bytes, at + 4, j);
      const minimum = dmin * kMinimum(bytes, at + 4, j);
      const from = at + 48 + (j >> 1) * 32;
      const shift = (j & 1) * 4;
      for (let i = 0; i < 32; i++) {
        const q = ((bytes[from + i] >> shift) & 15) | (((bytes[at + 16 + i] >> j) & 1) << 4);
        out[to + j * 32 + i] = scale * q - minimum;
      }
    }
  }
}

/**
 * Q6_K: low nibbles[128], high bit pairs[64], int8 scales[16] (one for 16 weights), d; w = d scale (q - 32).
 * Each half of 128 weights is four runs of 32: run r takes nibble r>>1 of low bytes (r&1)*32.., bit pair r of high.
 */
function decodeQ6K(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 210, to += SUPER) {
    const d = half[bytes[at + 208] | (bytes[at + 209] << 8)];
    for (let part = 0; part < 2; part++) {
      for (let run = 0; run < 4; run++) {
        const low = at + part * 64 + (run & 1) * 32;
        const high = at + 128 + part * 32;
        const scales = at + 192 + part * 8 + run * 2;
        const base = to + part * 128 + run * 32;
        for (let i = 0; i < 32; i++) {
          const q = ((bytes[low + i] >> ((run >> 1) * 4)) & 15) | (((bytes[high + i] >> (run * 2)) & 3) << 4);
          out[base + i] = d * ((bytes[scales + (i >> 4)] << 24) >> 24) * (q - 32);
        }
      }
    }
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}
