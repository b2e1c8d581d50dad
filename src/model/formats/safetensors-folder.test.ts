import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PlumbError } from "../../base/errors.js";
import { writeSafetensorsFolder } from "../save/shards.js";
import { openSafetensorsFolder } from "./safetensors-folder.js";

let dir: string;
let index: string;
const first = "model-00001-of-00002.safetensors";
const second = "model-00002-of-00002.safetensors";
const tensors = new Map(
  ["a", "b", "c"].map((name, i) => [name, { shape: [2], data: Float32Array.of(i, i + 0.5) }]),
);

/** Two shards: a and b, then c. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-shards-"));
  index = join(dir, "model.safetensors.index.json");
  await writeSafetensorsFolder(dir, "model", tensors, "F32", 16);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = () => openSafetensorsFolder(dir, "model");
const writeIndex = (map: object) => writeFile(index, JSON.stringify({ weight_map: map }));

describe("openSafetensorsFolder", () => {
  it("reads tensors from their shards", async () => {
    const weights = await open();
    expect(weights.names()).toEqual(["a", "b", "c"]);
    for (const [name, { data }] of tensors) expect(await weights.read(name)).toEqual(data);
    await expect(weights.read("d")).rejects.toThrow(/no tensor named "d"/);
    await weights.close();
  });

  it("says what is missing", async () => {
    const empty = join(dir, "empty");
    await mkdir(empty);
    await expect(openSafetensorsFolder(empty, "model")).rejects.toThrow(/neither model\.safetensors nor/);
    await rm(join(dir, second));
    await expect(open()).rejects.toThrow(`lists ${second}, which is not there.`);
    await rm(join(dir, first));
    await expect(open()).rejects.toThrow(`lists ${first}, which is not there (nor are 1 more).`);
  });

  it("names a shard that was cut short", async () => {
    const { length } = await readFile(join(dir, second));
    await truncate(join(dir, second), length - 1);
    await expect(open()).rejects.toThrow(/00002-of-00002\.safetensors: not a valid.*"c".*cut short/);
    await truncate(join(dir, second), 20);
    await expect(open()).rejects.toThrow(/00002-of-00002\.safetensors: not a valid/);
  });

  it("refuses an index that points out of the folder", async () => {
    for (const place of ["../other.safetensors", "/etc/x.safetensors", "sub/x.safetensors", "", 3, null]) {
      await writeIndex({ a: place });
      await expect(open()).rejects.toThrow(/in the same folder/);
    }
  });

  it("refuses an index that names a tensor twice", async () => {
    await writeFile(index, `{"weight_map": {"a": "${first}", "\\u0061" : "${second}"}}`);
    await expect(open()).rejects.toThrow(/index\.json names "a" twice/);
    await writeFile(index, `{"weight_map": {"a": "${first}"}, "weight_map": {"b": "${first}"}}`);
    await expect(open()).rejects.toThrow(/names "weight_map" twice/);
  });

  it("refuses an index that puts a tensor where it is not", async () => {
    await writeIndex({ a: second, b: first, c: second });
    await expect(open()).rejects.toThrow(`says that ${second} holds a, which it does not`);
  });

  it("refuses a tensor that two shards hold, and too many shards", async () => {
    await writeFile(join(dir, "model-copy.safetensors"), await readFile(join(dir, first)));
    await writeIndex({ a: first, b: "model-copy.safetensors" });
    await expect(open()).rejects.toThrow(/another shard/);
    await writeIndex(Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [i, `${i}.safetensors`])));
    await expect(open()).rejects.toThrow(/more than 1024 files/);
  });

  it("opens or explains, whatever the index holds", async () => {
    const text = await readFile(index, "utf8");
    const flips = fc.array(fc.tuple(fc.nat(text.length - 1), fc.string({ maxLength: 2 })), { minLength: 1 });
    const damaged = flips.map((changes) => {
      const chars = [...text];
      for (const [at, value] of changes) chars[at] = value;
      return chars.join("");
    });
    const other = fc.jsonValue().map((value) => JSON.stringify({ weight_map: value }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged, other, fc.json()), async (content) => {
        await writeFile(index, content);
        try {
          await (await open()).close();
        } catch (error) {
          expect(error).toBeInstanceOf(PlumbError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
