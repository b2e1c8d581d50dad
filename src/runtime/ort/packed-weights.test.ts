import { expect, test } from "vitest";
import { matmul, type Program, trace } from "../../tensor/index.js";
import { OrtBuffer } from "./buffer.js";
import { OrtRuntime } from "./index.js";
import { PackedWeights } from "./packed-weights.js";

const weight = (value = 1): OrtBuffer => new OrtBuffer("f32", [16, 16], new Float32Array(256).fill(value));

test("weights with a program in common share a set, which goes with its last program", () => {
  const packed = new PackedWeights();
  const [a, b, c, other] = [weight(), weight(), weight(), weight()];
  const ab = packed.use([a, b]);
  expect(packed.use([b, c])).toBe(ab);
  expect(packed.use([c])).toBe(ab);
  const apart = packed.use([other]);
  expect(apart).not.toBe(ab);
  expect(packed.count).toBe(2);
  for (let i = 0; i < 2; i++) packed.letGo(ab);
  expect(packed.use([a])).toBe(ab);
  for (let i = 0; i < 2; i++) packed.letGo(ab);
  expect(packed.count).toBe(1);
  const again = packed.use([a]);
  expect(again).not.toBe(ab);
  expect(packed.use([c, a])).toBe(again);
});

test("programs go on giving the same after others over their weights are gone, and after packing anew", async () => {
  const runtime = new OrtRuntime({ maxPrograms: 2 });
  const square = { shape: [16, 16], dtype: "f32" } as const;
  const product = (name: string): Program =>
    trace(name, { x: square, w: { ...square, frozen: true } }, ({ x, w }) => ({ y: matmul(x, w) }));
  const x = new Float32Array(256).fill(1);
  const maps = [1, 2].map((value) => new Map([["w", weight(value)]]));
  const programs = [product("first"), product("second"), product("third")];
  const executables = maps.flatMap((map) => programs.map((program) => runtime.compile(program, map)));
  for (let round = 0; round < 3; round++) {
    for (const [i, executable] of executables.entries())
      expect((await executable.run({ x })).y[0]).toBe(i < 3 ? 16 : 32);
  }
  for (const executable of executables) executable.release();
  for (const map of maps) map.get("w")!.release();
});
