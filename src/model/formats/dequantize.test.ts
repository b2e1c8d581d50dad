import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { TENSOR_TYPES } from "./dequantize.js";

/**
 * SHA-256 (first 16 bytes) of the floats that the Python package gguf 0.x's `quants.dequantize` (numpy for the plain
 * types) makes of the pseudo-random blocks below.
 */
const GOLDEN: [name: string, type: number, blocks: number, halves: number[], sha256: string][] = [
  ["F32", 0, 512, [2], "fdf372bf9ea68321063105c27c21d4d1"],
  ["F16", 1, 512, [0], "9b0148ad40facf30632507edfd345ed8"],
  ["Q4_0", 2, 64, [0], "931846a1e46f22bb23c41d7df3f9bcf7"],
  ["Q4_1", 3, 64, [0, 2], "086f647f0b61869570379d65b83d2217"],
  ["Q5_0", 6, 64, [0], "45848ec0524ce5b57e72c8f1c05bb7d9"],
  ["Q5_1", 7, 64, [0, 2], "60165fcfe0b19472895f1799d4409b2a"],
  ["Q8_0", 8, 64, [0], "221ce3025acc6da08bae0b2d82627e97"],
  ["Q2_K", 10, 64, [80, 82], "b1b8c625639e920c3e9ab0391f807628"],
  ["Q3_K", 11, 64, [108], "e0fc9ccc34607277a83ba9beb0e8d070"],
  ["Q4_K", 12, 64, [0, 2], "f6ecb3567ca80abd7c61de9f63eba0e9"],
  ["Q5_K", 13, 64, [0, 2], "a30688630611017564f6cac8ea211604"],
  ["Q6_K", 14, 64, [208], "a34c808d24745a98e5bd7cb68621655f"],
  ["Q8_K", 15, 64, [2], "c8cb2a3129f716f306605f41ca779e63"],
  ["IQ4_NL", 20, 64, [0], "254ac85305048a520b49133bf79d1485"],
  ["IQ4_XS", 23, 64, [0], "e36a346f1076b7fb76926496a83dc441"],
  ["MXFP4", 39, 64, [], "fadce4785e9f43100c314df48f73e4c0"],
  ["BF16", 30, 512, [0], "d36edd4111429816a0c96a3be82ab316"],
];

/** A linear congruential generator's bytes; the scales' upper exponent bit is cleared, so that all are finite. */
function blocksOf(type: number, blocks: number, blockBytes: number, halves: number[]): Uint8Array {
  let state = type + 1;
  const bytes = Uint8Array.from({ length: blocks * blockBytes }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  for (let block = 0; block < blocks; block++) {
    for (const at of halves) bytes[block * blockBytes + at + 1] &= 0xbf;
  }
  return bytes;
}

describe("block formats", () => {
  it.each(GOLDEN)(
    "%s gives the same floats as ggml's Python package",
    (name, type, blocks, halves, sha256) => {
      const format = TENSOR_TYPES.get(type)!;
      expect(format.name).toBe(name);
      const out = new Float32Array(blocks * format.blockSize);
      format.decode!(blocksOf(type, blocks, format.blockBytes, halves), out);
      const hash = createHash("sha256").update(new Uint8Array(out.buffer)).digest("hex");
      expect(hash.slice(0, 32)).toBe(sha256);
    },
  );
});
