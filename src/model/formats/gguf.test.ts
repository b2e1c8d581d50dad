import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { f32Tensor, ggufFile, ints, text, texts, u32 } from "../../../test/gguf-file.js";
import { PlumbError } from "../../base/errors.js";
import { openGguf, parseGguf } from "./gguf.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-gguf-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function written(bytes: Uint8Array): Promise<string> {
  const path = join(dir, "x.gguf");
  await writeFile(path, bytes);
  return path;
}

const metadata = {
  "general.name": text("tiny"),
  "list.texts": texts(["a", "ż"]),
  "list.ints": ints([-1, 2]),
  count: u32(4_000_000_000),
};
const sound = ggufFile(metadata, {
  a: f32Tensor([2, 3], [1, 2, 3, 4, 5, 6]),
  q: {
    shape: [1, 32],
    type: 8,
    bytes: Uint8Array.of(0x00, 0x3c, ...Array.from({ length: 32 }, (_, i) => i)),
  },
});

/** A file's beginning: magic, version, and what follows as 64-bit integers. */
function preamble(version: number, ...words: bigint[]): Uint8Array {
  const out = new Uint8Array(8 + 8 * words.length);
  out.set(new TextEncoder().encode("GGUF"));
  new DataView(out.buffer).setUint32(4, version, true);
  words.forEach((word, i) => {
    new DataView(out.buffer).setBigUint64(8 + 8 * i, word, true);
  });
  return out;
}

describe("openGguf", () => {
  it.each([2, 3])("reads metadata and tensors of version %i", async (version) => {
    const file = await openGguf(
      await written(ggufFile(metadata, { a: f32Tensor([2, 3], [1, 2, 3, 4, 5, 6]) }, version)),
    );
    expect(Object.fromEntries(file.metadata)).toEqual({
      "general.name": "tiny",
      "list.texts": ["a", "ż"],
      "list.ints": [-1, 2],
      count: 4_000_000_000,
    });
    expect(file.weights.shape("a")).toEqual([2, 3]);
    expect([...(await file.weights.read("a"))]).toEqual([1, 2, 3, 4, 5, 6]);
    await file.weights.close();
  });

  it("reads quantised tensors", async () => {
    const file = await openGguf(await written(sound));
    expect(file.weights.dtype("q")).toBe("Q8_0");
    expect([...(await file.weights.read("q"))]).toEqual(Array.from({ length: 32 }, (_, i) => i));
    await file.weights.close();
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["another kind of file", new TextEncoder().encode("PK\u0003\u0004 zip file"), /instead of "GGUF"/],
    ["an empty file", new Uint8Array(0), /ends before/],
    ["version 1", preamble(1, 0n, 0n), /version 1/],
    ["big-endian", preamble(0x03000000, 0n, 0n), /big-endian/],
    ["endless tensors", preamble(3, 2n ** 60n, 0n), /no file can hold|at most/],
    ["more metadata than bytes", preamble(3, 0n, 60_000n), /more than the file can hold/],
    ["an endless string", preamble(3, 0n, 1n, 2n ** 40n, 0n, 0n), /at most/],
    ["a truncated header", sound.slice(0, 60), /ends before|more than the file/],
    ["truncated data", sound.slice(0, sound.length - 1), /cut short/],
    ["another type", ggufFile({}, { a: { ...f32Tensor([1], [1]), type: 77 } }), /unknown type 77/],
    [
      "a part of a block",
      ggufFile({}, { a: { shape: [31], type: 8, bytes: new Uint8Array(34) } }),
      /multiple/,
    ],
    ["a bad alignment", ggufFile({ "general.alignment": u32(7) }, {}), /alignment/],
    ["a reserved name", ggufFile({}, { "a.__proto__": f32Tensor([1], [1]) }), /reserved/],
    ["too many dimensions", ggufFile({}, { a: f32Tensor([1, 1, 1, 1, 1], [1]) }), /5 dimensions/],
  ])("refuses %s", async (_, bytes, message) => {
    const path = await written(bytes);
    await expect(openGguf(path)).rejects.toThrow(PlumbError);
    await expect(openGguf(path)).rejects.toThrow(message);
  });

  it("asks for more bytes only where the file has them", () => {
    for (let length = 0; length < sound.length; length++) {
      const header = parseGguf(sound.slice(0, length), sound.length, "x");
      if (header !== undefined) expect(header.tensors.size).toBe(2);
    }
  });

  it("gives only PlumbErrors for mutated and truncated files", () => {
    const mutation = fc.record({
      flips: fc.array(fc.tuple(fc.nat(sound.length - 1), fc.constantFrom(0, 1, 9, 127, 128, 255)), {
        maxLength: 8,
      }),
      keep: fc.integer({ min: 0, max: sound.length }),
    });
    fc.assert(
      fc.property(mutation, ({ flips, keep }) => {
        const bytes = sound.slice(0, keep);
        for (const [at, value] of flips) if (at < keep) bytes[at] = value;
        parsesOrExplains(bytes, bytes.length);
        parsesOrExplains(bytes, 2 ** 40);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives only PlumbErrors for random counts", () => {
    const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const small = fc.bigInt({ min: 0n, max: 20n });
    fc.assert(
      fc.property(fc.array(fc.oneof(word, small), { maxLength: 20 }), (words) => {
        const bytes = preamble(3, ...words);
        parsesOrExplains(bytes, bytes.length);
        parsesOrExplains(bytes, 2 ** 40);
      }),
      { numRuns: 2000 },
    );
  });
});

function parsesOrExplains(bytes: Uint8Array, fileSize: number): void {
  try {
    parseGguf(bytes, fileSize, "x");
  } catch (error) {
    expect(error).toBeInstanceOf(PlumbError);
  }
}
