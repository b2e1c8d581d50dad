import { describe, expect, test } from "vitest";
import { OrtRuntime } from "../../runtime/ort/index.js";
import { int8Instructions, int8Support } from "./processor.js";

const x86 = (flags: string): string =>
  `processor\t: 0\nvendor_id\t: X\nflags\t\t: fpu avx2 ${flags}\nbogomips\t: 1\n`;

test("instructions for products of bytes, as Linux lists them", () => {
  expect(int8Instructions(x86("avx512f avx512_vnni"))).toEqual(["avx512_vnni"]);
  expect(int8Instructions(x86("avx_vnni"))).toEqual(["avx_vnni"]);
  expect(int8Instructions(x86("avx512f"))).toEqual([]);
  expect(int8Instructions("processor : 0\nFeatures\t: fp asimd asimddp i8mm\n")).toEqual(["i8mm", "asimddp"]);
  expect(int8Instructions("hart : 0\nisa : rv64\n")).toBeUndefined();
  expect(int8Instructions("")).toBeUndefined();
});

describe("8 bits are for a processor", () => {
  const runtime = new OrtRuntime({ threads: 1 });
  test("that lists such instructions, not for one that lists others", async () => {
    const none = await int8Support(runtime, async () => x86("avx512f"));
    expect(none.fit).toBe(false);
    const listed = await int8Support(runtime, async () => x86("avx512_vnni"));
    expect([listed.found, none.found]).toContainEqual(expect.stringMatching(/avx512_vnni$|overflow/));
  });

  test("or, where none are listed, that is faster by the clock", async () => {
    const { found } = await int8Support(runtime, () => Promise.reject(new Error("no such file")));
    expect(found).toMatch(/^[\d.]+ times as fast as f32$|overflow/);
  });
});
