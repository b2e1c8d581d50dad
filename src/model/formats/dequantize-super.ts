/**
 * ggml's K-quants as float32: super-blocks of 256 weights, whose sub-blocks have small scales of their own
 * (ggml-quants.c).
 */
import { f16ToF32Table } from "./half.js";

/** Weights in a super-block. */
export const SUPER = 256;

/**
 * Q2_K: scales[16] (low nibble scale, high nibble minimum, for 16 weights each), bit pairs[64], d, dmin;
 * w = d scale q - dmin minimum. Sub-block j of a half of 128 weights takes bit pair j >> 1 of bytes (j & 1) * 16 ...
 */
export function decodeQ2K(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 84, to += SUPER) {
    const d = half[bytes[at + 80] | (bytes[at + 81] << 8)];
    const dmin = half[bytes[at + 82] | (bytes[at + 83] << 8)];
    for (let j = 0; j < 16; j++) {
      const scale = d * (bytes[at + j] & 15);
      const minimum = dmin * (bytes[at + j] >> 4);
      const from = at + 16 + (j >> 3) * 32 + (j & 1) * 16;
      const shift = ((j >> 1) & 3) * 2;
      for (let i = 0; i < 16; i++) out[to + j * 16 + i] = scale * ((bytes[from + i] >> shift) & 3) - minimum;
    }
  }
}

/**
 * Q3_K: third bits[32], bit pairs[64], scales[12] (sixteen of 6 bits, offset 32), d; w = d (scale - 32) (q - 4), where
 * q has the third bit on top. Sub-block j takes bit pairs as Q2_K does, and bit j >> 1 of the third bits.
 */
export function decodeQ3K(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 110, to += SUPER) {
    const d = half[bytes[at + 108] | (bytes[at + 109] << 8)];
    for (let j = 0; j < 16; j++) {
      const low = (bytes[at + 96 + (j & 7)] >> (j < 8 ? 0 : 4)) & 15;
      const high = (bytes[at + 104 + (j & 3)] >> ((j >> 2) * 2)) & 3;
      const scale = d * ((low | (high << 4)) - 32);
      const from = at + 32 + (j >> 3) * 32 + (j & 1) * 16;
      const third = at + (j & 1) * 16;
      const shift = ((j >> 1) & 3) * 2;
      for (let i = 0; i < 16; i++) {
        const q = ((bytes[from + i] >> shift) & 3) | (((bytes[third + i] >> (j >> 1)) & 1) << 2);
        out[to + j * 16 + i] = scale * (q - 4);
      }
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
export function decodeQ4K(bytes: Uint8Array, out: Float32Array): void {
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
export function decodeQ5K(bytes: Uint8Array, out: Float32Array): void {
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
export function decodeQ6K(bytes: Uint8Array, out: Float32Array): void {
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

/** Q8_K: d as float32, int8 q[256], sums[16], which no weight needs; w = d q. */
export function decodeQ8K(bytes: Uint8Array, out: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, to = 0; to < out.length; at += 292, to += SUPER) {
    const d = view.getFloat32(at, true);
    for (let i = 0; i < SUPER; i++) out[to + i] = d * view.getInt8(at + 4 + i);
  }
}
