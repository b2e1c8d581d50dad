import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTensorsFile, type TensorRecord, writeTensorsFile } from "./tensors-file.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-tensors-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const tensors = new Map<string, TensorRecord>([
  ["b", { dtype: "f32", shape: [2, 2], data: Float32Array.of(1, -0, Number.NaN, 4e-42) }],
  ["empty", { dtype: "i32", shape: [0], data: Int32Array.of() }],
  ["a", { dtype: "i32", shape: [], data: Int32Array.of(-7) }],
  ["7", { dtype: "i64", shape: [1], data: BigInt64Array.of(2n ** 60n) }],
]);

async function write(name: string): Promise<string> {
  await rm(join(dir, name), { force: true });
  await writeTensorsFile(join(dir, name), tensors);
  return join(dir, name);
}

describe("tensors file", () => {
  it("gives back every bit", async () => {
    expect(await readTensorsFile(await write("round"))).toEqual(new Map([...tensors]));
  });

  it("follows the safetensors layout", async () => {
    const bytes = await readFile(await write("layout"));
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, object>;
    expect(header.b).toEqual({ dtype: "F32", shape: [2, 2], data_offsets: [0, 16] });
    expect(bytes.readFloatLE(8 + length)).toBe(1);
  });

  it("answers every damaged file with an error about the file", async () => {
    const whole = await readFile(await write("whole"));
    const path = join(dir, "damaged");
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        const damaged = cut ? whole.subarray(0, at) : Buffer.from(whole);
        if (!cut) damaged[at] = byte;
        await writeFile(path, damaged);
        const outcome = await readTensorsFile(path).catch((error: Error) => error.name);
        expect(outcome instanceof Map || outcome === "PlumbError").toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ["offsets beyond the file", { a: { dtype: "F32", shape: [9], data_offsets: [0, 36] } }],
    [
      "a shape larger than its bytes",
      { a: { dtype: "F32", shape: [2 ** 40, 2 ** 40], data_offsets: [0, 8] } },
    ],
    [
      "overlapping tensors",
      Object.fromEntries(["a", "b"].map((k) => [k, { dtype: "F32", shape: [2], data_offsets: [0, 8] }])),
    ],
    ["unknown types", { a: { dtype: "F99", shape: [2], data_offsets: [0, 8] } }],
    ["negative offsets", { a: { dtype: "F32", shape: [2], data_offsets: [-8, 0] } }],
  ])("refuses %s", async (_what, header) => {
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    await writeFile(join(dir, "hostile"), Buffer.concat([length, json, Buffer.alloc(8)]));
    await expect(readTensorsFile(join(dir, "hostile"))).rejects.toThrow("hostile is damaged");
  });
});
