import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compiled, f32, i32, i64, relativeError } from "../../test/evaluate.js";
import { RandomStream } from "../base/random.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import type { DeviceBuffer, HostArray } from "../runtime/runtime.js";
import { cachedAttention, constant, type Tensor, trace } from "../tensor/index.js";
import { attention, causalBias, ropeTables, rowBias } from "./index.js";

const runtime = new OrtRuntime({ threads: 1 });

interface Setting {
  heads: number;
  kvHeads: number;
  headDim: number;
  window?: number;
  /** Elements of a head that are turned; default: all. 0: none. */
  rotaryDim?: number;
  scale?: number;
  softCap?: number;
  /** One for each head. */
  sinks?: readonly number[];
}
/** Queries, keys and values of rows: [B, T, H D], [B, T, KV D] twice. */
interface Rows {
  q: Float32Array;
  k: Float32Array;
  v: Float32Array;
}

function draw(seed: number, B: number, T: number, { heads, kvHeads, headDim }: Setting): Rows {
  const r = new RandomStream(seed, "attention");
  const normal = (n: number): Float32Array => r.fillNormal(new Float32Array(n));
  return {
    q: normal(B * T * heads * headDim),
    k: normal(B * T * kvHeads * headDim),
    v: normal(B * T * kvHeads * headDim),
  };
}

/** Attention head by head and position by position, in f64. `visible` says which keys a query sees. */
function reference(
  x: Rows,
  B: number,
  T: number,
  s: Setting,
  position: (b: number, t: number) => number,
  visible: (b: number, i: number, j: number) => boolean,
): number[] {
  const { heads, kvHeads, headDim: D, rotaryDim: R = D, scale = 1 / Math.sqrt(D), softCap } = s;
  const capped = (x: number): number => (softCap === undefined ? x : softCap * Math.tanh(x / softCap));
  const applyRotary = (data: Float32Array, count: number, b: number, t: number, h: number): number[] => {
    const row = Array.from(data.subarray(((b * T + t) * count + h) * D, ((b * T + t) * count + h + 1) * D));
    return row.map((value, i) => {
      if (i >= R) return value;
      const angle = position(b, t) * 10_000 ** ((-2 * (i % (R / 2))) / R);
      const other = i < R / 2 ? -row[i + R / 2] : row[i - R / 2];
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  };
  const out: number[] = [];
  for (let b = 0; b < B; b++)
    for (let i = 0; i < T; i++)
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor(h / (heads / kvHeads));
        const q = applyRotary(x.q, heads, b, i, h);
        const keys = Array.from({ length: T }, (_, j) => j).filter((j) => visible(b, i, j));
        const scores = keys.map((j) =>
          capped(applyRotary(x.k, kvHeads, b, j, kv).reduce((a, k, d) => a + k * q[d], 0) * scale),
        );
        const sink = s.sinks?.[h] ?? Number.NEGATIVE_INFINITY;
        const top = Math.max(...scores, sink);
        const weights = scores.map((score) => Math.exp(score - top));
        const total = weights.reduce((a, w) => a + w, Math.exp(sink - top));
        for (let d = 0; d < D; d++) {
          const value = (j: number): number => x.v[((b * T + j) * kvHeads + kv) * D + d];
          out.push(keys.reduce((a, j, n) => a + (weights[n] / total) * value(j), 0));
        }
      }
  return out;
}

const sinksOf = ({ sinks }: Setting): Tensor | undefined =>
  sinks && constant(Float32Array.from(sinks), [sinks.length]);

async function whole(
  x: Rows,
  B: number,
  T: number,
  s: Setting,
  packed?: { segmentEnd: number[]; positions: number[] },
): Promise<Float32Array> {
  const { heads: H, kvHeads: KV, headDim: D, window, rotaryDim: R = D, scale, softCap } = s;
  const positions = packed?.positions ?? Array.from({ length: B * T }, (_, i) => i % T);
  const given = {
    q: f32([B * T, H * D], x.q),
    k: f32([B * T, KV * D], x.k),
    v: f32([B * T, KV * D], x.v),
    at: i64([B, T], positions),
    segmentEnd: i32([B, T], packed?.segmentEnd ?? positions.map(() => T)),
  };
  const tables = ropeTables(T, R, 10_000);
  const run = compiled(runtime, given, (g) => {
    const bias = packed ? rowBias(g.segmentEnd, window) : causalBias(T, window);
    const table = (data: Float32Array): Tensor => constant(data, [T, R / 2]);
    const turn = R > 0 ? { positions: g.at, cos: table(tables.cos), sin: table(tables.sin) } : undefined;
    const shape = {
      batch: B,
      length: T,
      heads: H,
      kvHeads: KV,
      headDim: D,
      scale,
      softCap,
      sinks: sinksOf(s),
    };
    return { y: attention(g.q, g.k, g.v, bias, turn, shape) };
  });
  return (await run()).y as Float32Array;
}

const settings: Setting[] = [
  { heads: 2, kvHeads: 2, headDim: 8 },
  { heads: 4, kvHeads: 2, headDim: 16 },
  { heads: 3, kvHeads: 1, headDim: 24 },
  { heads: 4, kvHeads: 2, headDim: 8, window: 3 },
  { heads: 4, kvHeads: 2, headDim: 32, window: 3 },
  { heads: 2, kvHeads: 1, headDim: 32, rotaryDim: 16 },
  { heads: 2, kvHeads: 2, headDim: 16, rotaryDim: 4 },
  { heads: 2, kvHeads: 1, headDim: 24, rotaryDim: 6, window: 4 },
  { heads: 2, kvHeads: 1, headDim: 16, rotaryDim: 0, scale: 1 },
  { heads: 4, kvHeads: 2, headDim: 16, scale: 0.2, softCap: 0.5, window: 4 },
  { heads: 4, kvHeads: 2, headDim: 16, sinks: [-1, 0.5, 2, 0] },
  { heads: 4, kvHeads: 1, headDim: 24, window: 3, sinks: [-1, 0.5, 2, 0] },
];

describe.each(settings)("attention with %j", (s) => {
  const sees = (i: number, j: number): boolean => j <= i && (s.window === undefined || i - j < s.window);

  test("whole sequences equal the definition", async () => {
    const [B, T] = [2, 7];
    const x = draw(1, B, T, s);
    expect(
      relativeError(
        await whole(x, B, T, s),
        reference(
          x,
          B,
          T,
          s,
          (_, t) => t,
          (_, i, j) => sees(i, j),
        ),
      ),
    ).toBeLessThan(1e-5);
  });

  test("documents packed in one row do not see each other", async () => {
    const [B, T] = [2, 8];
    const segments = [1, 1, 1, 2, 2, 2, 2, 0, 1, 1, 1, 1, 1, 2, 0, 0];
    const segmentEnd = [3, 3, 3, 7, 7, 7, 7, 8, 5, 5, 5, 5, 5, 6, 8, 8];
    const positions = [0, 1, 2, 0, 1, 2, 3, 0, 0, 1, 2, 3, 4, 0, 0, 0];
    const x = draw(2, B, T, s);
    const at = (b: number, t: number): number => positions[b * T + t];
    const want = reference(
      x,
      B,
      T,
      s,
      at,
      (b, i, j) => sees(i, j) && segments[b * T + i] === segments[b * T + j],
    );
    expect(relativeError(await whole(x, B, T, s, { segmentEnd, positions }), want)).toBeLessThan(1e-5);
  });

  test("branches of a tree see its trunk and themselves", async () => {
    if (s.window !== undefined) return; // a window counts columns, so rows with trees are never longer
    const [B, T] = [1, 8];
    const parents = [-1, 0, 1, 2, 1, 4, 5, 4]; // 0 1 are the trunk of 2 3 and of 4, whose branches are 5 6 and 7
    const segmentEnd = [8, 8, 4, 4, 8, 7, 7, 8];
    const depth = (t: number): number => (parents[t] < 0 ? 0 : 1 + depth(parents[t]));
    const within = (i: number, j: number): boolean => i === j || (parents[i] >= 0 && within(parents[i], j));
    const x = draw(3, B, T, s);
    const positions = parents.map((_, t) => depth(t));
    const want = reference(
      x,
      B,
      T,
      s,
      (_, t) => positions[t],
      (_, i, j) => within(i, j),
    );
    expect(relativeError(await whole(x, B, T, s, { segmentEnd, positions }), want)).toBeLessThan(1e-5);
  });

  /** Runs cachedAttention over new tokens of each row; caches are updated in place. */
  function cached(columns: number, S: number) {
    const { heads: H, kvHeads: KV, headDim: D } = s;
    const input = (n: number) => ({ shape: ["B", columns, n * D], dtype: "f32" }) as const;
    const cache = { shape: ["B", KV, S, D], dtype: "f32" } as const;
    const R = s.rotaryDim ?? D;
    const tables = ropeTables(S, R, 10_000);
    const inputs = {
      q: input(H),
      k: input(KV),
      v: input(KV),
      key: cache,
      value: cache,
      lastIndex: { shape: ["B"], dtype: "i32" },
      longest: { shape: [1], dtype: "i32" },
    } as const;
    const program = trace("cached", inputs, ({ q, k, v, key, value, lastIndex, longest }) => {
      const table = (data: Float32Array): Tensor => constant(data, [S, R / 2]);
      const past = { pastKey: key, pastValue: value, lastIndex, longest };
      const [y, newKey, newValue] = cachedAttention({
        q,
        k,
        v,
        ...past,
        ...(R > 0 && { cos: table(tables.cos), sin: table(tables.sin) }),
        heads: H,
        kvHeads: KV,
        slidingWindow: s.window,
        scale: s.scale,
        softCap: s.softCap,
        sinks: sinksOf(s),
      });
      return { y, key: newKey, value: newValue };
    });
    return (feeds: Record<string, HostArray | DeviceBuffer>) => runtime.compile(program).run(feeds);
  }

  test("prompts of different lengths in a cache, then token by token, equal whole sequences", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1e6),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
        async (seed, lengths) => {
          const [B, T, S] = [lengths.length, 10, 16];
          const longest = Math.max(...lengths);
          const x = draw(seed, B, T, s);
          const full = await whole(x, B, T, s);
          const { heads: H, kvHeads: KV, headDim: D } = s;
          /** Tokens [from(b), from(b) + count) of each row; beyond the row's length there is padding. */
          const part = (
            data: Float32Array,
            width: number,
            from: (b: number) => number,
            count: number,
          ): Float32Array => {
            const out = new Float32Array(B * count * width).fill(3.5);
            for (let b = 0; b < B; b++)
              for (let t = 0; t < Math.min(count, T - from(b)); t++)
                out.set(
                  data.subarray((b * T + from(b) + t) * width, (b * T + from(b) + t + 1) * width),
                  (b * count + t) * width,
                );
            return out;
          };
          const junk = new Float32Array(B * KV * S * D).fill(99); // a cache holds leftovers
          const key = runtime.buffer("f32", [B, KV, S, D], junk);
          const value = runtime.buffer("f32", [B, KV, S, D], junk);
          const step = async (
            columns: number,
            from: (b: number) => number,
            ends: number[],
          ): Promise<Float32Array> => {
            const feeds = {
              q: part(x.q, H * D, from, columns),
              k: part(x.k, KV * D, from, columns),
              v: part(x.v, KV * D, from, columns),
            };
            const lastIndex = Int32Array.from(ends, (n) => n - 1);
            const most = Int32Array.of(columns > 1 ? columns : Math.max(...ends));
            return (await cached(columns, S)({ ...feeds, key, value, lastIndex, longest: most }))
              .y as Float32Array;
          };
          const expectRow = (actual: ArrayLike<number>, b: number, t: number): void =>
            expect(
              relativeError(actual, full.subarray((b * T + t) * H * D, (b * T + t + 1) * H * D)),
            ).toBeLessThan(1e-4);

          const prompt = await step(longest, () => 0, lengths);
          lengths.forEach((n, b) => {
            for (let t = 0; t < n; t++)
              expectRow(prompt.subarray((b * longest + t) * H * D, (b * longest + t + 1) * H * D), b, t);
          });
          for (let grown = 0; longest + grown < T; grown++) {
            const y = await step(
              1,
              (b) => lengths[b] + grown,
              lengths.map((n) => n + grown + 1),
            );
            for (const [b, n] of lengths.entries())
              expectRow(y.subarray(b * H * D, (b + 1) * H * D), b, n + grown);
          }
          key.release();
          value.release();
        },
      ),
      { numRuns: 5, seed: 11 },
    );
  });
});

describe("masks", () => {
  test("the causal bias", async () => {
    const run = compiled(runtime, { x: f32([1], [0]) }, () => ({
      plain: causalBias(3),
      window: causalBias(3, 2),
    }));
    const out = await run();
    const hidden = (values: HostArray): boolean[] => Array.from(values as Float32Array, (v) => v < -1e8);
    expect(hidden(out.plain)).toEqual([false, true, true, false, false, true, false, false, false]);
    expect(hidden(out.window)).toEqual([false, true, true, false, false, true, true, false, false]);
  });
});

describe("rotary tables", () => {
  test("angles are t theta^(-2i/D)", () => {
    const { cos, sin } = ropeTables(5, 4, 100);
    expect(
      relativeError(
        cos,
        [0, 1, 2, 3, 4].flatMap((t) => [Math.cos(t), Math.cos(t / 10)]),
      ),
    ).toBeLessThan(1e-6);
    expect(
      relativeError(
        sin,
        [0, 1, 2, 3, 4].flatMap((t) => [Math.sin(t), Math.sin(t / 10)]),
      ),
    ).toBeLessThan(1e-6);
  });

  test("Llama 3's scaling keeps short waves, stretches long ones, and joins them without a jump", () => {
    const scaling = {
      kind: "llama3" as const,
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositions: 64,
    };
    const angle = (tables: { cos: Float32Array; sin: Float32Array }): number[] =>
      Array.from(tables.cos.slice(-32), (c, i) => Math.atan2(tables.sin[tables.sin.length - 32 + i], c)); // at t = 1
    const plain = angle(ropeTables(2, 64, 10_000));
    const scaled = angle(ropeTables(2, 64, 10_000, scaling));
    plain.forEach((frequency, i) => {
      const wavelength = (2 * Math.PI) / frequency;
      const ratio = scaled[i] / frequency;
      if (wavelength < 16) expect(ratio).toBeCloseTo(1, 4);
      else if (wavelength > 64) expect(ratio).toBeCloseTo(1 / 8, 4);
      else expect(ratio).toBeGreaterThan(1 / 8);
      if (i > 0) expect(scaled[i]).toBeLessThan(scaled[i - 1]);
    });
  });
});
