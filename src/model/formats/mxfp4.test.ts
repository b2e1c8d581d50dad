import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PlumbError } from "../../base/errors.js";
import { withMxfp4 } from "./mxfp4.js";
import type { SafetensorsWeights } from "./safetensors.js";

type Stored = Record<string, { shape: number[]; bytes: Uint8Array }>;

const opened = (tensors: Stored): SafetensorsWeights => ({
  names: () => Object.keys(tensors),
  has: (name) => name in tensors,
  shape: (name) => [...tensors[name].shape],
  dtype: () => "U8",
  read: async () => {
    throw new PlumbError("stored as U8");
  },
  readInt8: async () => new Int8Array(),
  readUint8: async (name) => tensors[name].bytes,
  close: async () => {},
});

const counted = (length: number, of: (i: number) => number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => of(i));
const pair = (shape: number[], scales: number[], scale: number): Stored => ({
  x_blocks: {
    shape,
    bytes: counted(
      shape.reduce((a, b) => a * b, 1),
      (i) => i,
    ),
  },
  x_scales: {
    shape: scales,
    bytes: counted(
      scales.reduce((a, b) => a * b, 1),
      () => scale,
    ),
  },
});

describe("MXFP4 in safetensors", () => {
  it("has two weights in a byte, the low nibble first, times a power of 2", async () => {
    const weights = withMxfp4(opened(pair([1, 2, 16], [1, 2], 129)), "here");
    expect([weights.names(), weights.shape("x_blocks"), weights.dtype("x_blocks")]).toEqual([
      ["x_blocks"],
      [1, 64],
      "MXFP4",
    ]);
    const values = await weights.read("x_blocks");
    // Bytes 0 to 31: low nibbles 0 to 15 twice, high nibbles 0 and 1; the exponent 129 is 4.
    const levels = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];
    const expected = Array.from({ length: 32 }, (_, i) => [4 * levels[i % 16], i < 16 ? 0 : 2]).flat();
    expect([...values].map((value) => value + 0)).toEqual(expected.map((value) => value + 0));
  });

  it("refuses scales that do not fit, and what is no number", async () => {
    const misfit = withMxfp4(opened(pair([1, 2, 16], [2, 1], 127)), "here");
    expect(() => misfit.shape("x_blocks")).toThrow(
      /here: x_blocks has the shape \[1, 2, 16\] and x_scales \[2, 1\]/,
    );
    const short = withMxfp4(opened(pair([2, 8], [2], 127)), "here");
    await expect(short.read("x_blocks")).rejects.toThrow(/expected \[\.\.\., 16\]/);
    const infinite = withMxfp4(opened(pair([1, 16], [1], 255)), "here");
    await expect(infinite.read("x_blocks")).rejects.toThrow(/x_blocks holds NaN or an infinity/);
  });

  it("leaves other tensors alone, and blocks without scales", () => {
    const { x_blocks } = pair([1, 16], [1], 127);
    const weights = withMxfp4(opened({ x_blocks, y_scales: x_blocks }), "here");
    expect(weights.names()).toEqual(["x_blocks", "y_scales"]);
    expect([weights.shape("x_blocks"), weights.dtype("x_blocks")]).toEqual([[1, 16], "U8"]);
  });

  it("reads or explains, whatever the shapes", async () => {
    const dims = fc.array(fc.integer({ min: 0, max: 17 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(dims, dims, fc.integer({ min: 0, max: 255 }), async (shape, scales, scale) => {
        const weights = withMxfp4(opened(pair(shape, scales, scale)), "here");
        try {
          const values = await weights.read("x_blocks");
          expect(values.length).toBe(weights.shape("x_blocks").reduce((a, b) => a * b, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(PlumbError);
        }
      }),
    );
  });
});
