import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ggufFile } from "../../../test/gguf-file.js";
import { FULL } from "../../../test/spread.js";
import { RandomStream } from "../../base/random.js";
import { TENSOR_TYPES } from "./dequantize.js";
import { openGguf } from "./gguf.js";
import { RandomAccessFile } from "./random-access.js";
import { openSafetensors } from "./safetensors.js";
import { writeSafetensors } from "./write-safetensors.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-floats-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Byte for byte: an assertion on each number takes longer than what is tested. */
const expectSame = (got: Float32Array, expected: Float32Array, name: string): void => {
  const [a, b] = [got, expected].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  expect(a.equals(b), name).toBe(true);
};

const READABLE = [...TENSOR_TYPES].filter(([, { decode }]) => decode);
/** From a byte, which is less than any block, to more than the whole tensor. */
const chunkSizes = fc.integer({ min: 1, max: 9000 });

describe("reading in chunks", () => {
  it.each(["F32", "F16", "BF16"] as const)("gives the same %s whatever the chunks", async (dtype) => {
    const values = new RandomStream(1, dtype).fillNormal(new Float32Array(1001), 1);
    const path = join(dir, dtype);
    await writeSafetensors(path, new Map([["x", { shape: [7, 143], data: values }]]), dtype);
    const whole = await openSafetensors(path);
    const expected = await whole.read("x");
    await whole.close();
    if (dtype === "F32") expectSame(expected, values, dtype);
    await fc.assert(
      fc.asyncProperty(chunkSizes, async (chunkBytes) => {
        const weights = await openSafetensors(path, { chunkBytes });
        expectSame(await weights.read("x"), expected, `in chunks of ${chunkBytes} bytes`);
        await weights.close();
      }),
      { numRuns: 30 },
    );
  });

  it("gives the same blocks of every GGUF type whatever the chunks, also read side by side", async () => {
    const tensors = Object.fromEntries(
      READABLE.map(([type, { name, blockSize, blockBytes }]) => {
        // Bytes below 60 give small and finite values in every format.
        const bytes = Uint8Array.from({ length: 13 * blockBytes }, (_, i) => (i * 37 + type) % 60);
        return [name, { shape: [13, blockSize], type, bytes }];
      }),
    );
    const path = join(dir, "all.gguf");
    await writeFile(path, ggufFile({}, tensors));
    const expected = READABLE.map(([, { name, blockSize, decode }]) => {
      const out = new Float32Array(13 * blockSize);
      decode!(tensors[name].bytes, out);
      return out;
    });
    await fc.assert(
      fc.asyncProperty(chunkSizes, async (chunkBytes) => {
        const { weights } = await openGguf(path, { chunkBytes });
        const read = await Promise.all(READABLE.map(([, { name }]) => weights.read(name)));
        for (const [i, [, { name }]] of READABLE.entries()) expectSame(read[i], expected[i], name);
        await weights.close();
      }),
      { numRuns: FULL ? 30 : 10 },
    );
  });

  it("takes memory for one chunk, not for each", async () => {
    const path = join(dir, "long");
    await writeFile(
      path,
      new Uint8Array(1000).map((_, i) => i),
    );
    const file = await RandomAccessFile.open(path, { chunkBytes: 64 });
    const seen = new Set<ArrayBufferLike>();
    const lengths: number[] = [];
    for (let time = 0; time < 2; time++) {
      await file.eachChunk(100, 150, 20, (chunk, before) => {
        expect(chunk[0]).toBe((100 + before) % 256);
        seen.add(chunk.buffer);
        lengths.push(chunk.length);
      });
    }
    expect(seen.size).toBe(1);
    expect(lengths).toEqual([60, 60, 30, 60, 60, 30]);
    await expect(file.eachChunk(900, 200, 1, () => {})).rejects.toThrow(/ended at byte 1000/);
    await file.close();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "names the tensor that holds %s, in whichever chunk",
    async (bad) => {
      for (const dtype of ["F32", "F16", "BF16"] as const) {
        for (const at of [0, 57, 99]) {
          const data = new Float32Array(100).fill(-3.5);
          data[at] = bad;
          const path = join(dir, "bad");
          await writeSafetensors(path, new Map([["layer.weight", { shape: [100], data }]]), dtype);
          const weights = await openSafetensors(path, { chunkBytes: 64 });
          await expect(weights.read("layer.weight")).rejects.toThrow(
            "the weight layer.weight holds NaN or an infinity",
          );
          await weights.close();
        }
      }
    },
  );
});
