import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  constant,
  gatherRows,
  log,
  matmul,
  mul,
  type Program,
  scatterAddRows,
  sum,
  trace,
} from "../../tensor/index.js";
import { ReferenceRuntime } from "../reference/index.js";
import { liveValues } from "./buffer.js";
import { OrtRuntime } from "./index.js";

// The first runtime of a process decides how many threads programs run on.
process.env.PLUMB_THREADS = "2";

const vector = (n: number | string) => ({ shape: [n], dtype: "f32" }) as const;
const doubling = (): Program => trace("double", { x: vector(3) }, ({ x }) => ({ y: mul(x, 2) }));
const scaling = (factor: number): Program =>
  trace(`times-${factor}`, { x: vector(3) }, ({ x }) => ({ y: mul(x, factor) }));
const THREE = Float32Array.of(1, 2, 3);

/** Several milliseconds of work. */
const slow = (): Program => {
  const side = { shape: [256, 256], dtype: "f32" } as const;
  return trace("slow", { x: side }, ({ x }) => {
    let y = x;
    for (let i = 0; i < 60; i++) y = matmul(y, x, { alpha: 1 / 256 });
    return { y };
  });
};
const square = (): Float32Array => new Float32Array(256 * 256).fill(1);

describe("buffers", () => {
  test("a released buffer is an error that names it, everywhere", async () => {
    const runtime = new OrtRuntime();
    const buffer = runtime.adopt("f32", [3], Float32Array.of(1, 2, 3), "layer.weight");
    buffer.release();
    buffer.release(); // a second time does nothing
    await expect(buffer.read()).rejects.toThrow("layer.weight was released");
    await expect(buffer.write(THREE)).rejects.toThrow("layer.weight was released");
    expect(() => buffer.view([1])).toThrow("layer.weight was released");
    await expect(runtime.compile(doubling()).run({ x: buffer })).rejects.toThrow("layer.weight was released");
    await expect(runtime.compile(doubling()).run({ x: THREE }, { y: buffer })).rejects.toThrow(
      "layer.weight was released",
    );
  });

  test("views share memory, stay inside, and go with their parent", async () => {
    const runtime = new OrtRuntime();
    const whole = runtime.buffer("f32", [6], Float32Array.of(0, 1, 2, 3, 4, 5));
    const part = whole.view([2, 2], 2);
    expect(await part.read()).toEqual(Float32Array.of(2, 3, 4, 5));
    await part.write(Float32Array.of(9, 3, 4, 5));
    expect(await whole.read()).toEqual(Float32Array.of(0, 1, 9, 3, 4, 5));
    for (const offset of [3, -1, 0.5, Number.NaN])
      expect(() => whole.view([2, 2], offset)).toThrow(/view of 4 elements/);
    whole.release();
    await expect(part.read()).rejects.toThrow("released");
  });

  test("new ones hold parts one after another, and are copied as a whole or by stretches", async () => {
    for (const runtime of [new OrtRuntime(), new ReferenceRuntime()]) {
      const one = runtime.buffer("f32", [3], THREE);
      const joined = runtime.buffer(
        "f32",
        [2, 4],
        one,
        Float32Array.of(7),
        one.view([2], 1),
        Float32Array.of(8, 9),
      );
      expect(await joined.read()).toEqual(Float32Array.of(1, 2, 3, 7, 2, 3, 8, 9));
      await one.write(Float32Array.of(0, 0, 0));
      expect(await joined.read()).toEqual(Float32Array.of(1, 2, 3, 7, 2, 3, 8, 9));
      // The first two of each four, two places on.
      await joined.copyFrom(joined, { from: 0, to: 2, length: 2, stride: 4, count: 2 });
      expect(await joined.read()).toEqual(Float32Array.of(1, 2, 1, 2, 2, 3, 2, 3));
      const other = runtime.buffer("f32", [8]);
      await other.copyFrom(joined);
      expect(await other.read()).toEqual(Float32Array.of(1, 2, 1, 2, 2, 3, 2, 3));
      await other.copyFrom(one, { from: 1, to: 6, length: 1, stride: 1, count: 2 });
      expect(await other.read()).toEqual(Float32Array.of(1, 2, 1, 2, 2, 3, 0, 0));
      await expect(other.copyFrom(one)).rejects.toThrow(/Float32Array of 3 does not fill f32\[8\]/);
      await expect(other.write(THREE)).rejects.toThrow(/Float32Array of 3 does not fill f32\[8\]/);
      await expect(other.write(new Int32Array(8))).rejects.toThrow(/Int32Array of 8 does not fill f32\[8\]/);
    }
  });

  test("data must fill a new buffer, in its type", () => {
    const runtime = new OrtRuntime();
    expect(() => runtime.buffer("f32", [3], Float32Array.of(1, 2))).toThrow(
      /Float32Array of 2 does not fill f32\[3\]/,
    );
    expect(() => runtime.buffer("i32", [3], THREE)).toThrow(/does not fill i32\[3\]/);
    expect(() => runtime.adopt("i64", [3], THREE, "ids")).toThrow(
      /ids: Float32Array of 3 cannot hold i64\[3\]/,
    );
  });

  test("a buffer in use by a run cannot be released; afterwards it can", async () => {
    const runtime = new OrtRuntime();
    const buffer = runtime.buffer("f32", [256, 256], square());
    const view = buffer.view([256, 256]);
    const run = runtime.compile(slow()).run({ x: view });
    expect(() => view.release()).toThrow("in use");
    expect(() => buffer.release()).toThrow("in use");
    await expect(view.write(square())).rejects.toThrow("in use");
    await expect(buffer.copyFrom(view)).rejects.toThrow("in use");
    await run;
    await view.write(square());
    buffer.release();
    await expect(view.read()).rejects.toThrow("released");
  });

  test("a frozen weight cannot be released while a program over it is compiled", async () => {
    const runtime = new OrtRuntime();
    const weight = runtime.buffer("f32", [3], THREE);
    const program = trace("frozen", { x: vector(3), w: { ...vector(3), frozen: true } }, ({ x, w }) => ({
      y: mul(x, w),
    }));
    const executable = runtime.compile(program, new Map([["w", weight]]));
    expect(() => weight.release()).toThrow("in use");
    executable.release();
    weight.release();
    expect(() => runtime.compile(program, new Map([["w", weight]]))).toThrow("released");
    expect(() => runtime.compile(program)).toThrow(/frozen weight "w" was not given/);
  });
});

describe("running programs", () => {
  test("updates in place, run after run", async () => {
    const runtime = new OrtRuntime();
    const program = trace("count", { n: vector(2), by: vector(2) }, ({ n, by }) => ({ n: add(n, by) }));
    const n = runtime.buffer("f32", [2]);
    for (let i = 0; i < 3; i++)
      expect(await runtime.compile(program).run({ n, by: Float32Array.of(1, 10) })).toEqual({});
    expect([...((await n.read()) as Float32Array)]).toEqual([3, 30]);
    await expect(
      runtime.compile(program).run({ n: Float32Array.of(0, 0), by: Float32Array.of(1, 1) }),
    ).rejects.toThrow('program count: "n" is updated in place; give a buffer');
  });

  test("each run gets the buffers that it was given, whatever the runs before had", async () => {
    const runtime = new OrtRuntime();
    const executable = runtime.compile(doubling());
    const [a, b] = [1, 10].map((v) => runtime.buffer("f32", [3], Float32Array.of(v, v, v)));
    const out = runtime.buffer("f32", [3]);
    const seen: number[] = [];
    for (const x of [a, a, b, a, b, b]) {
      await executable.run({ x }, { y: out });
      seen.push(Number((await out.read())[0]));
    }
    expect(seen).toEqual([2, 2, 20, 2, 20, 20]);
    expect((await executable.run({ x: Float32Array.of(4, 4, 4) })).y[0]).toBe(8);
    await executable.run({ x: b }, { y: out });
    expect((await out.read())[0]).toBe(20);
    b.release();
    await expect(executable.run({ x: b }, { y: out })).rejects.toThrow("was released");
    const again = runtime.buffer("f32", [3], Float32Array.of(5, 5, 5));
    await executable.run({ x: again }, { y: out });
    expect((await out.read())[0]).toBe(10);
  });

  test("a program that is still running refuses a second run and release", async () => {
    const executable = new OrtRuntime().compile(slow());
    const first = executable.run({ x: square() });
    await expect(executable.run({ x: square() })).rejects.toThrow("program slow is still running");
    expect(() => executable.release()).toThrow("running");
    expect((await first).y[0]).toBe(1);
    executable.release();
    executable.release();
    await expect(executable.run({ x: square() })).rejects.toThrow("program slow was released");
  });

  test("feeds that do not fit are errors that name program, input and types", async () => {
    const runtime = new OrtRuntime();
    const executable = runtime.compile(doubling());
    const run = (x: Parameters<typeof executable.run>[0]["x"]) => executable.run({ x });
    await expect(executable.run({})).rejects.toThrow('program double: the input "x" was not given');
    await expect(run(Float32Array.of(1))).rejects.toThrow(
      'program double: "x" must be f32[3], got Float32Array of 1',
    );
    await expect(run(Int32Array.of(1, 2, 3))).rejects.toThrow(
      'program double: "x" must be f32[3], got Int32Array of 3',
    );
    await expect(run(BigInt64Array.of(1n, 2n, 3n))).rejects.toThrow(
      '"x" must be f32[3], got BigInt64Array of 3',
    );
    await expect(run(runtime.buffer("f32", [1, 3]))).rejects.toThrow('"x" must be f32[3], got f32[1, 3]');
    await expect(run(runtime.buffer("i32", [3]))).rejects.toThrow('"x" must be f32[3], got i32[3]');
    await expect(executable.run({ x: THREE }, { y: runtime.buffer("f32", [4]) })).rejects.toThrow(
      '"y" must be f32[3]',
    );
    expect((await run(THREE)).y).toEqual(Float32Array.of(2, 4, 6));
  });

  test("symbols take their values from buffers and lengths, and must agree", async () => {
    const runtime = new OrtRuntime();
    const rows = { shape: ["B", 2], dtype: "f32" } as const;
    const program = trace("rows", { a: rows, b: rows }, ({ a, b }) => ({ c: add(a, b) }));
    const executable = runtime.compile(program);
    for (const B of [3, 1, 5]) {
      const a = new Float32Array(2 * B).fill(1);
      expect((await executable.run({ a, b: a })).c).toEqual(new Float32Array(2 * B).fill(2));
    }
    await expect(executable.run({ a: new Float32Array(3), b: new Float32Array(3) })).rejects.toThrow(
      '"a" must be f32[B, 2]',
    );
    await expect(
      executable.run({ a: runtime.buffer("f32", [2, 2]), b: new Float32Array(6) }),
    ).rejects.toThrow('"b" must be f32[2, 2]');
    const other = runtime.buffer("f32", [3, 2]);
    await expect(executable.run({ a: runtime.buffer("f32", [2, 2]), b: other })).rejects.toThrow(
      '"b" must be f32[B, 2], got f32[3, 2]',
    );
  });

  test("a failure inside ONNX Runtime is an Error, and everything goes on working", async () => {
    const runtime = new OrtRuntime();
    const program = trace(
      "look-up",
      { table: { shape: [4, 2], dtype: "f32" }, at: { shape: [2], dtype: "i64" } },
      ({ table, at }) => ({
        rows: gatherRows(table, at),
      }),
    );
    const executable = runtime.compile(program);
    const table = runtime.buffer(
      "f32",
      [4, 2],
      Float32Array.from({ length: 8 }, (_, i) => i),
    );
    const before = liveValues.count;
    for (const bad of [4n, -5n, 2n ** 62n]) {
      await expect(executable.run({ table, at: BigInt64Array.of(1n, bad) })).rejects.toThrow(
        /ONNX Runtime.*(out of|bounds)/s,
      );
    }
    expect(liveValues.count).toBe(before);
    expect((await executable.run({ table, at: BigInt64Array.of(3n, 0n) })).rows).toEqual(
      Float32Array.of(6, 7, 0, 1),
    );
  });

  test("NaN and infinity pass through", async () => {
    const program = trace("log", { x: vector(3) }, ({ x }) => ({ y: log(x), s: sum(x) }));
    const { y, s } = await new OrtRuntime().compile(program).run({ x: Float32Array.of(Number.NaN, 0, -1) });
    expect([...(y as Float32Array)]).toEqual([Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN]);
    expect(s[0]).toBeNaN();
  });

  test("the same feeds give the same bytes", async () => {
    const executable = new OrtRuntime({ threads: 2 }).compile(slow());
    const x = Float32Array.from({ length: 256 * 256 }, (_, i) => Math.sin(i));
    const first = (await executable.run({ x })).y;
    for (let i = 0; i < 4; i++)
      expect(
        Buffer.compare(Buffer.from((await executable.run({ x })).y.buffer), Buffer.from(first.buffer)),
      ).toBe(0);
  });

  test("the event loop stays free during a run", async () => {
    const executable = new OrtRuntime().compile(slow());
    let running = true;
    let turns = 0;
    const turn = (): void => {
      turns++;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    await executable.run({ x: square() });
    running = false;
    expect(turns).toBeGreaterThan(10);
  });

  test("small results are the caller's own, and no native value outlives a program", async () => {
    const runtime = new OrtRuntime();
    const before = liveValues.count;
    const executable = runtime.compile(doubling());
    const first = await executable.run({ x: THREE });
    const second = await executable.run({ x: Float32Array.of(4, 5, 6) });
    expect([first.y, second.y]).toEqual([Float32Array.of(2, 4, 6), Float32Array.of(8, 10, 12)]);
    executable.release();
    expect(liveValues.count).toBe(before);
  });

  test("no native value is left over, and small arrays survive garbage collection", async () => {
    const runtime = new OrtRuntime();
    const executable = runtime.compile(doubling());
    await executable.run({ x: THREE });
    const before = liveValues.count;
    for (let i = 0; i < 300; i++) {
      const x = Float32Array.of(i, i + 1, i + 2);
      const pending = executable.run({ x });
      const garbage = Array.from({ length: 200 }, (_, k) => Float32Array.of(k, k, k)); // fills V8's young generation
      expect((await pending).y).toEqual(Float32Array.of(2 * i, 2 * i + 2, 2 * i + 4));
      expect(garbage.length).toBe(200);
    }
    expect(liveValues.count).toBe(before);
  });

  test("an adopted small array is read and written where its owner sees it", async () => {
    const runtime = new OrtRuntime();
    const array = Float32Array.of(1, 2, 3);
    const buffer = runtime.adopt("f32", [3], array);
    const program = trace("grow", { x: vector(3) }, ({ x }) => ({ x: add(x, 1) }));
    for (let i = 0; i < 50; i++) {
      await runtime.compile(program).run({ x: buffer });
      Array.from({ length: 2000 }, () => Float32Array.of(0, 0, 0));
    }
    expect(array).toEqual(Float32Array.of(51, 52, 53));
  });
});

describe("compiled programs", () => {
  test("are cached by program and frozen weights, which programs share", async () => {
    const runtime = new OrtRuntime();
    const frozen = { ...vector(3), frozen: true } as const;
    const times = trace("times", { x: vector(3), w: frozen }, ({ x, w }) => ({ y: mul(x, w) }));
    const plus = trace("plus", { x: vector(3), w: frozen }, ({ x, w }) => ({ y: add(x, w) }));
    const a = new Map([["w", runtime.buffer("f32", [3], Float32Array.of(1, 10, 100))]]);
    const b = new Map([["w", runtime.buffer("f32", [3], Float32Array.of(2, 20, 200))]]);
    expect(runtime.compile(times, a)).toBe(runtime.compile(times, a));
    expect(runtime.compile(times, b)).not.toBe(runtime.compile(times, a));
    const free = doubling();
    expect(runtime.compile(free)).toBe(runtime.compile(free));
    expect(runtime.statistics.compiled).toBe(3);
    expect((await runtime.compile(times, a).run({ x: THREE })).y).toEqual(Float32Array.of(1, 20, 300));
    expect((await runtime.compile(times, b).run({ x: THREE })).y).toEqual(Float32Array.of(2, 40, 600));
    expect((await runtime.compile(plus, a).run({ x: THREE })).y).toEqual(Float32Array.of(2, 12, 103));
  });

  test("compute with frozen weights also where an operation depends on nothing else", async () => {
    const runtime = new OrtRuntime();
    const inputs = { x: vector(3), w: { ...vector(3), frozen: true } } as const;
    const program = trace("constant", inputs, ({ x, w }) => ({ y: mul(x, add(w, 1)) }));
    const weights = new Map([["w", runtime.buffer("f32", [3], Float32Array.of(1, 10, 100))]]);
    expect((await runtime.compile(program, weights).run({ x: THREE })).y).toEqual(
      Float32Array.of(2, 22, 303),
    );
  });

  test("results do not depend on how many are kept", async () => {
    const programs = Array.from({ length: 6 }, (_, i) => scaling(i + 1));
    const runtimes = [1, 2, 3].map((maxPrograms) => new OrtRuntime({ maxPrograms }));
    const order = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 5, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(order, fc.constantFrom(...runtimes), async (indices, runtime) => {
        const handles = indices.map((i) => runtime.compile(programs[i]));
        for (const [k, i] of indices.entries()) {
          expect((await handles[k].run({ x: THREE })).y).toEqual(THREE.map((v) => v * (i + 1)));
        }
      }),
      { numRuns: 10, seed: 1 },
    );
  });

  test("the one unused for longest goes, and none that is running", async () => {
    const runtime = new OrtRuntime({ maxPrograms: 2 });
    const [first, second, third] = [scaling(1), scaling(2), scaling(3)];
    const compiledBy = (program: Program): number => {
      const before = runtime.statistics.compiled;
      runtime.compile(program);
      return runtime.statistics.compiled - before;
    };
    expect([compiledBy(first), compiledBy(second)]).toEqual([1, 1]);
    expect(compiledBy(first)).toBe(0); // now second is the older one
    expect(compiledBy(third)).toBe(1);
    expect([compiledBy(first), compiledBy(second)]).toEqual([0, 1]);

    const crowded = new OrtRuntime({ maxPrograms: 1 });
    const running = crowded.compile(slow()).run({ x: square() });
    crowded.compile(first);
    expect((await running).y[0]).toBe(1);
  });

  test("encoded bytes are capped too", () => {
    const big = (i: number): Program =>
      trace(`big-${i}`, { x: vector(1000) }, ({ x }) => ({
        y: add(x, constant(new Float32Array(1000).fill(i), [1000])),
      }));
    const programs = [big(1), big(2), big(3)];
    const runtime = new OrtRuntime({ maxBytes: 10_000 }); // two of about 4 kB
    for (const program of programs) runtime.compile(program);
    runtime.compile(programs[2]);
    runtime.compile(programs[1]);
    expect(runtime.statistics.compiled).toBe(3);
    runtime.compile(programs[0]);
    expect(runtime.statistics.compiled).toBe(4);
  });

  test("an evicted program lets go of its weights, and says so when they are gone", async () => {
    const runtime = new OrtRuntime({ maxPrograms: 1 });
    const weight = runtime.adopt("f32", [3], Float32Array.of(1, 2, 3), "w");
    const program = trace("weighted", { x: vector(3), w: { ...vector(3), frozen: true } }, ({ x, w }) => ({
      y: mul(x, w),
    }));
    const executable = runtime.compile(program, new Map([["w", weight]]));
    runtime.compile(doubling());
    weight.release();
    await expect(executable.run({ x: THREE })).rejects.toThrow("w was released");
  });
});

test("rows added many times over to the same places, by several threads, are all there", async () => {
  // Small whole numbers are added exactly in any order; a sum that is lost shows.
  const runtime = new OrtRuntime({ threads: 4 });
  const [V, D, n] = [2, 256, 2048];
  const program = trace(
    "scatter",
    {
      base: { shape: [V, D], dtype: "f32" },
      at: { shape: [n], dtype: "i64" },
      rows: { shape: [n, D], dtype: "f32" },
    },
    ({ base, at, rows }) => ({ sums: scatterAddRows(base, at, rows) }),
  );
  const at = BigInt64Array.from({ length: n }, (_, i) => BigInt(i % V));
  const rows = Float32Array.from({ length: n * D }, (_, i) => i % 7);
  const wanted = new Float32Array(V * D);
  for (let i = 0; i < n; i++) for (let d = 0; d < D; d++) wanted[Number(at[i]) * D + d] += rows[i * D + d];
  for (let run = 0; run < 20; run++) {
    const { sums } = await runtime.compile(program).run({ base: new Float32Array(V * D), at, rows });
    expect(sums).toEqual(wanted);
  }
});
