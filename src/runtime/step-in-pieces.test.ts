import { expect, test } from "vitest";
import { add, mul, square, sum, trace } from "../tensor/index.js";
import { readFloats } from "./read.js";
import { ReferenceRuntime } from "./reference/index.js";
import type { DeviceBuffer } from "./runtime.js";
import { stepInPieces } from "./step-in-pieces.js";

const vector = { shape: ["n"], dtype: "f32" } as const;
/** Adds to x a scalar times y, once the squares of y have been summed. */
const program = {
  measure: trace("squares", { y: vector }, ({ y }) => ({ squared: sum(square(y)) })),
  update: trace("move", { x: vector, y: vector, by: { shape: [], dtype: "f32" } }, ({ x, y, by }) => ({
    x: add(x, mul(y, by)),
  })),
};
const runtime = new ReferenceRuntime();
const buffers = () => ({
  x: runtime.buffer("f32", [7], new Float32Array(7).fill(1)),
  y: runtime.buffer("f32", [7], Float32Array.of(1, 2, 3, 4, 5, 6, 7)),
});
const valuesOf = async (buffer: DeviceBuffer): Promise<number[]> => [...(await readFloats(buffer))];

test.each([1, 2, 3, 7, Number.POSITIVE_INFINITY])("pieces of %d elements change nothing", async (most) => {
  const { x, y } = buffers();
  const sizes: number[] = [];
  const counted = {
    compile: (...[traced, frozen]: Parameters<ReferenceRuntime["compile"]>) => {
      const executable = runtime.compile(traced, frozen);
      const run: typeof executable.run = (feeds, outputs) => {
        sizes.push((feeds.y as DeviceBuffer).shape[0]);
        return executable.run(feeds, outputs);
      };
      return { ...executable, run };
    },
  };
  const seen: number[] = [];
  await stepInPieces(counted, program, { x, y }, [4, 3], most).run(({ squared }) => {
    seen.push(squared);
    return [{ by: 10 }, { by: 100 }];
  });
  expect(seen).toEqual([140]);
  expect(await valuesOf(x)).toEqual([11, 21, 31, 41, 501, 601, 701]);
  expect(await valuesOf(y)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(Math.max(...sizes)).toBe(Math.min(most, 4));
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(14); // each element measured once and updated once
});

test("what the scalars' function throws leaves everything as it was", async () => {
  const { x, y } = buffers();
  const step = runtime.compileStep(program, { x, y }, [7, 0]);
  const run = step.run(() => {
    throw new Error("not so");
  });
  await expect(run).rejects.toThrow("not so");
  expect(await valuesOf(x)).toEqual(new Array(7).fill(1));
});

test("parts that do not fill a vector are an error that names it", () => {
  const { x, y } = buffers();
  expect(() => runtime.compileStep(program, { x, y }, [4, 4])).toThrow(
    'program move: "x" has 7 elements, its parts 8',
  );
});
