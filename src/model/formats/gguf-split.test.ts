import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { f32Tensor, ggufFile, ints, type TypedValue, text, u16 } from "../../../test/gguf-file.js";
import { PlumbError } from "../../base/errors.js";
import { firstPartOf, openGgufParts } from "./gguf-split.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-gguf-split-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));
beforeEach(async () => {
  for (const name of await readdir(dir)) await rm(join(dir, name));
});

/** What gguf-split writes into part `number` (from 1) of `count`. */
const split = (number: number, count: number, tensors: number): Record<string, TypedValue> => ({
  "split.no": u16(number - 1),
  "split.count": u16(count),
  "split.tensors.count": { type: 5, value: tensors },
});
const model = { "general.architecture": text("llama"), "list.ints": ints([1, 2]) };
const [a, b, c] = [f32Tensor([2], [1, 2]), f32Tensor([1], [3]), f32Tensor([1, 2], [4, 5])];

const name = (number: number, count = 3): string =>
  `tiny-${String(number).padStart(5, "0")}-of-${String(count).padStart(5, "0")}.gguf`;
/** The parts of a sound model: two tensors in the first, none in the second. */
const sound = (): Record<string, Uint8Array> => ({
  [name(1)]: ggufFile({ ...model, ...split(1, 3, 3) }, { a, b }),
  [name(2)]: ggufFile(split(2, 3, 3), {}),
  [name(3)]: ggufFile(split(3, 3, 3), { c }),
});

async function opened(files: Record<string, Uint8Array>, which = name(1)) {
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(dir, file), bytes);
  return openGgufParts(join(dir, which));
}

describe("openGgufParts", () => {
  it.each([1, 2, 3])("opens all parts by the name of part %i", async (number) => {
    const file = await opened(sound(), name(number));
    expect(file.path).toBe(join(dir, name(1)));
    expect(file.metadata.get("general.architecture")).toBe("llama");
    expect([...file.tensors.keys()]).toEqual(["a", "b", "c"]);
    expect(file.weights.names()).toEqual(["a", "b", "c"]);
    expect(file.weights.shape("c")).toEqual([1, 2]);
    expect(file.weights.dtype("c")).toBe("F32");
    expect([...(await file.weights.read("a"))]).toEqual([1, 2]);
    expect([...(await file.weights.read("c"))]).toEqual([4, 5]);
    expect(() => file.weights.shape("d")).toThrow(/has no tensor named "d"/);
    await file.weights.close();
  });

  it("opens what is whole: without the keys, merged again, or one part of one", async () => {
    const wholes = [model, { ...model, ...split(1, 0, 1) }, { ...model, ...split(1, 1, 1) }];
    for (const metadata of wholes) {
      const file = await opened({ "whole.gguf": ggufFile(metadata, { a }) }, "whole.gguf");
      expect(file.weights.names()).toEqual(["a"]);
      await file.weights.close();
    }
  });

  it.each<[string, Record<string, Uint8Array | undefined>, RegExp]>([
    ["a missing part", { [name(3)]: undefined }, /part 1 of 3; .*tiny-00003-of-00003.gguf is not there\./],
    [
      "several missing parts",
      { [name(2)]: undefined, [name(3)]: undefined },
      /00002-of-00003.gguf is not there \(nor are 1 more\)/,
    ],
    [
      "a part of another set",
      { [name(2)]: ggufFile(split(2, 4, 3), {}) },
      /00002-of-00003.gguf: it is one of 4 parts, .* one of 3/,
    ],
    [
      "a whole model in a part's place",
      { [name(2)]: ggufFile(model, {}) },
      /00002-of-00003.gguf: it is one of 1 parts/,
    ],
    ["a part twice", { [name(2)]: sound()[name(3)] }, /00002-of-00003.gguf: it is part 3 of 3, not part 2/],
    [
      "a part of a model with another number of tensors",
      { [name(2)]: ggufFile(split(2, 3, 9), {}) },
      /00002-of-00003.gguf: its model has 9 tensors, that of .*00001-of-00003.gguf 3/,
    ],
    [
      "a part with other metadata",
      { [name(2)]: ggufFile({ ...split(2, 3, 3), "general.architecture": text("qwen2") }, {}) },
      /00002-of-00003.gguf: its metadata general.architecture differ/,
    ],
    [
      "a part with metadata of its own",
      { [name(3)]: ggufFile({ ...split(3, 3, 3), "llama.rope.freq_base": text("1") }, { c }) },
      /00003-of-00003.gguf: it has the metadata llama.rope.freq_base, which/,
    ],
    [
      "a tensor in two parts",
      { [name(3)]: ggufFile(split(3, 3, 3), { b }) },
      /00003-of-00003.gguf: the tensor b is in .*00001-of-00003.gguf too/,
    ],
    [
      "fewer tensors than are said",
      { [name(3)]: ggufFile(split(3, 3, 3), {}) },
      /00001-of-00003.gguf says that its 3 parts have 3 tensors; they have 2/,
    ],
    [
      "a part that was cut short",
      { [name(3)]: sound()[name(3)].slice(0, -1) },
      /00003-of-00003.gguf: not a valid GGUF file: .* cut short/,
    ],
    ["a number beyond the count", { [name(1)]: ggufFile(split(4, 3, 3), { a }) }, /split.no is 3; expected/],
    [
      "a count that no folder holds",
      { [name(1)]: ggufFile(split(1, 65_535, 3), { a }) },
      /split.count is 65535; expected a number from 0 to 1024/,
    ],
    [
      "a count that is a text",
      { [name(1)]: ggufFile({ ...split(1, 3, 3), "split.count": text("3") }, { a }) },
      /split.count is 3; expected/,
    ],
    [
      "a part without its number",
      { [name(2)]: ggufFile({ "split.count": u16(3), "split.tensors.count": u16(3) }, {}) },
      /00002-of-00003.gguf: the metadata split.no is missing/,
    ],
  ])("refuses %s", async (_, changes, message) => {
    const files = { ...sound(), ...changes };
    const there = Object.entries(files).filter((file): file is [string, Uint8Array] => file[1] !== undefined);
    const opening = opened(Object.fromEntries(there));
    await expect(opening).rejects.toThrow(PlumbError);
    await expect(opening).rejects.toThrow(message);
  });

  it.each(["tiny.gguf", name(2), name(1, 4)])(
    "asks for the name that says which part it is: not %s",
    async (given) => {
      const opening = opened({ [given]: sound()[name(1)] }, given);
      await expect(opening).rejects.toThrow(/is part 1 of 3 of a model, which its name does not say/);
      await expect(opening).rejects.toMatchObject({ hint: expect.stringContaining("-00001-of-00003.gguf") });
    },
  );

  it("gives only PlumbErrors for changed bytes in any part", async () => {
    const change = fc.record({ part: fc.integer({ min: 1, max: 3 }), at: fc.nat(400), value: fc.nat(255) });
    await (await opened(sound())).weights.close();
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const files = sound();
        const changed: Record<string, Uint8Array> = {};
        for (const { part, at, value } of changes) {
          const bytes = files[name(part)];
          bytes[at % bytes.length] = value;
          changed[name(part)] = bytes;
        }
        try {
          await (await opened(changed)).weights.close();
        } catch (error) {
          expect(error).toBeInstanceOf(PlumbError);
        }
        for (const part of Object.keys(changed)) await writeFile(join(dir, part), sound()[part]);
      }),
      { numRuns: 150 },
    );
  });
});

describe("firstPartOf", () => {
  it.each([
    ["m/tiny-00002-of-00003.gguf", "m/tiny-00001-of-00003.gguf"],
    ["a-00001-of-00002-00001-of-00002.gguf", "a-00001-of-00002-00001-of-00002.gguf"],
    ["tiny.gguf", undefined],
    ["tiny-2-of-3.gguf", undefined],
  ])("of %s is %s", (path, expected) => {
    expect(firstPartOf(path)).toBe(expected);
  });
});
