/** ggml's types whose nibbles are the numbers of levels in a table, as float32 (ggml-common.h, ggml-quants.c). */
import { SUPER } from "./dequantize-super.js";
import { f16ToF32Table } from "./half.js";

/** Levels of IQ4_NL and IQ4_XS. */
const IQ4_LEVELS = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
/** The values of E2M1, the four-bit floats of the OCP microscaling formats (v1.0, section 5.3.3). */
export const E2M1: readonly number[] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];
/** ggml's levels of MXFP4, in which zero has no sign. */
const MXFP4_LEVELS = E2M1.map((value) => value || 0);

/** 32 weights from the nibbles of 16 bytes: weight i is the low nibble of byte i, weight i + 16 the high one. */
function decodeLevels(
  bytes: Uint8Array,
  from: number,
  scale: number,
  levels: readonly number[],
  out: Float32Array,
  to: number,
): void {
  for (let i = 0; i < 16; i++) {
    out[to + i] = scale * levels[bytes[from + i] & 15];
    out[to + 16 + i] = scale * levels[bytes[from + i] >> 4];
  }
}

/** IQ4_NL: d, nibbles[16]; w = d level. */
export function decodeIq4Nl(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 18, to += 32) {
    decodeLevels(bytes, at + 2, half[bytes[at] | (bytes[at + 1] << 8)], IQ4_LEVELS, out, to);
  }
}

/** IQ4_XS: d, high bit pairs of 8 scales (u16), their low nibbles[4], nibbles[128]; w = d (scale - 32) level. */
export function decodeIq4Xs(bytes: Uint8Array, out: Float32Array): void {
  const half = f16ToF32Table();
  for (let at = 0, to = 0; to < out.length; at += 136, to += SUPER) {
    const d = half[bytes[at] | (bytes[at + 1] << 8)];
    const highs = bytes[at + 2] | (bytes[at + 3] << 8);
    for (let j = 0; j < 8; j++) {
      const low = (bytes[at + 4 + (j >> 1)] >> ((j & 1) * 4)) & 15;
      const scale = d * ((low | (((highs >> (2 * j)) & 3) << 4)) - 32);
      decodeLevels(bytes, at + 8 + 16 * j, scale, IQ4_LEVELS, out, to + 32 * j);
    }
  }
}

/** MXFP4: exponent e (E8M0), nibbles[16]; w = 2^(e - 127) E2M1. */
export function decodeMxfp4(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, to = 0; to < out.length; at += 17, to += 32) {
    decodeLevels(bytes, at + 1, 2 ** (bytes[at] - 127), MXFP4_LEVELS, out, to);
  }
}
