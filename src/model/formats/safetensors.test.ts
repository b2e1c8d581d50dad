import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlumbError } from "../../base/errors.js";
import { openSafetensors } from "./safetensors.js";
import { parseHeader } from "./safetensors-header.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-safetensors-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function fileOf(header: object | string, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  out.set(data, 8 + json.length);
  return out;
}

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, bytes);
  return path;
}

const f32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const tensor = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const sound = fileOf({ a: tensor("F32", [2, 1], 0, 8), b: tensor("BF16", [2], 8, 12) }, f32(1, 2, 3));

describe("openSafetensors", () => {
  it("reads F32, F16 and BF16 into memory of their own", async () => {
    const data = Uint8Array.of(...f32(1.5, -2), 0x00, 0x3c, 0x00, 0xc0, 0x80, 0x3f, 0x20, 0xc0);
    const header = {
      __metadata__: { format: "pt" },
      h: tensor("F16", [2], 8, 12),
      f: tensor("F32", [1, 2], 0, 8),
      b: tensor("BF16", [2, 1], 12, 16),
    };
    const weights = await openSafetensors(await written("three", fileOf(header, data)));
    expect(weights.names()).toEqual(["h", "f", "b"]);
    expect([weights.shape("f"), weights.dtype("b")]).toEqual([[1, 2], "BF16"]);
    expect([...(await weights.read("f"))]).toEqual([1.5, -2]);
    expect([...(await weights.read("h"))]).toEqual([1, -2]);
    const b = await weights.read("b");
    expect([...b]).toEqual([1, -2.5]);
    expect(b.buffer.byteLength).toBe(8);
    await expect(weights.read("x")).rejects.toThrow(/no tensor named "x"/);
    await weights.close();
  });

  it("names the dtype when integers are read as weights", async () => {
    const weights = await openSafetensors(
      await written("int", fileOf({ ids: tensor("I64", [1], 0, 8) }, f32(0, 0))),
    );
    await expect(weights.read("ids")).rejects.toThrow(/ids is stored as I64/);
    await weights.close();
  });

  it.each<[string, object | string, RegExp]>([
    ["a shape that does not fit", { a: tensor("F32", [3], 0, 8) }, /takes 8 bytes/],
    ["an overflowing shape", { a: tensor("F32", [2 ** 40, 2 ** 40], 0, 8) }, /takes 8 bytes/],
    ["a negative size", { a: tensor("F32", [-2], 0, 8) }, /shape/],
    ["an end beyond the file", { a: tensor("F32", [4], 0, 16) }, /cut short/],
    ["offsets the wrong way round", { a: tensor("F32", [2], 8, 0) }, /data_offsets/],
    ["overlapping tensors", { a: tensor("F32", [2], 0, 8), b: tensor("F32", [1], 4, 8) }, /overlaps/],
    ["a gap", { a: tensor("F32", [1], 4, 8) }, /no tensor/],
    ["bytes at the end", { a: tensor("F32", [1], 0, 4) }, /no tensor/],
    ["an unknown dtype", { a: tensor("Q4", [2], 0, 8) }, /dtype/],
    ["a reserved name", `{"__proto__":${JSON.stringify(tensor("F32", [2], 0, 8))}}`, /reserved/],
    ["a reserved part", { "x.constructor.y": tensor("F32", [2], 0, 8) }, /reserved/],
    [
      "a repeated name",
      `{"a":${JSON.stringify(tensor("F32", [2], 0, 8))},"\\u0061" :${JSON.stringify(tensor("F32", [2], 0, 8))}}`,
      /twice/,
    ],
    ["a list", "[]", /JSON object/],
    ["no JSON", "{", /valid JSON/],
    ["no description", { a: null }, /object/],
  ])("refuses %s", async (_, header, message) => {
    const opening = openSafetensors(await written("bad", fileOf(header, f32(1, 2))));
    await expect(opening).rejects.toThrow(PlumbError);
    await expect(openSafetensors(join(dir, "bad"))).rejects.toThrow(message);
  });

  it("refuses huge headers and empty files without allocating", async () => {
    const huge = new Uint8Array(8).fill(0xff);
    await expect(openSafetensors(await written("huge", huge))).rejects.toThrow(/at most/);
    await expect(openSafetensors(await written("empty", new Uint8Array(0)))).rejects.toThrow(/only 0 bytes/);
  });

  it("gives only PlumbErrors for mutated and truncated files", async () => {
    const mutation = fc.record({
      flips: fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 6 }),
      keep: fc.integer({ min: 0, max: sound.length }),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ flips, keep }) => {
        const bytes = sound.slice(0, keep);
        for (const [at, value] of flips) if (at < keep) bytes[at] = value;
        await readsOrExplains(await written("mutated", bytes));
      }),
      { numRuns: 300 },
    );
  });

  it("gives only PlumbErrors for any header", () => {
    const sizes = fc.array(fc.oneof(fc.nat(9), fc.maxSafeNat(), fc.double(), fc.string()), { maxLength: 4 });
    const entry = fc.oneof(
      fc.record({ dtype: fc.constantFrom("F32", "BF16", "I8", "x"), shape: sizes, data_offsets: sizes }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), entry, { maxKeys: 4 }), fc.nat(100), (header, extra) => {
        const json = new TextEncoder().encode(JSON.stringify(header));
        expectOnlyPlumbErrors(() => parseHeader(json, 8 + json.length + extra, "file"));
      }),
    );
  });
});

async function readsOrExplains(path: string): Promise<void> {
  try {
    const weights = await openSafetensors(path);
    await weights.close();
  } catch (error) {
    expect(error).toBeInstanceOf(PlumbError);
  }
}

function expectOnlyPlumbErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(PlumbError);
  }
}
