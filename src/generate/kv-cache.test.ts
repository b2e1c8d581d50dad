/** What the cache holds of each row, what of it may be shared, and what is computed next. */

import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { smallConfig } from "../../test/tiny-network.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { KeyValueCache, sharedLength } from "./kv-cache.js";
import { cachedBeginning, nextPiece, orderOfPrefill } from "./prefill-plan.js";
import { Request } from "./request.js";
import { samplingSchema } from "./sampling.js";

const runtime = new OrtRuntime({ threads: 1 });
const config = smallConfig({ layers: 1, kvHeads: 2, headDim: 8 });
const cacheOf = (rows = 3, capacity = 4): KeyValueCache => new KeyValueCache(runtime, config, rows, capacity);

/** Numbers of a buffer, every element its own index. */
function filled(cache: KeyValueCache): Float32Array[] {
  return Object.values(cache.slice(0, cache.rows)).map((view) => {
    const data = memoryOf(view);
    for (let i = 0; i < data.length; i++) data[i] = i;
    return data;
  });
}

describe("shared beginnings", () => {
  test("are as long as both are alike, up to a limit", () => {
    expect(sharedLength([1, 2, 3, 4], [1, 2, 9, 4], 10)).toBe(2);
    expect(sharedLength([1, 2, 3], [1, 2, 3, 4], 10)).toBe(3);
    expect(sharedLength([1, 2, 3, 4], [1, 2, 3, 4], 3)).toBe(3);
    expect(sharedLength([2], [1], 5)).toBe(0);
    expect(sharedLength([], [1], 5)).toBe(0);
  });

  test("are found in the row that holds the longest, the preferred one among equals", () => {
    const cache = cacheOf(4, 8);
    cache.appendPrompt(0, [1, 2]);
    cache.appendPrompt(1, [1, 2, 3]);
    cache.appendPrompt(2, [1, 2, 3, 4]);
    cache.appendPrompt(3, [1, 2, 3, 4]);
    const find = (limit: number, prefer: number) =>
      cache.longestPrefix([1, 2, 3, 4, 5], limit, prefer, false);
    expect(find(9, 0)).toEqual({ row: 2, positions: 4 });
    expect(find(9, 3)).toEqual({ row: 3, positions: 4 });
    expect(find(3, 0)).toEqual({ row: 1, positions: 3 });
    expect(find(2, 0)).toEqual({ row: 0, positions: 2 });
    expect(cache.longestPrefix([7], 9, 1, false)).toEqual({ row: 1, positions: 0 });
  });

  test("may leave out what steps wrote", () => {
    const cache = cacheOf(2, 8);
    cache.appendPrompt(0, [1, 2]);
    cache.append(0, 3);
    cache.append(0, 4);
    expect(cache.filled(0)).toBe(4);
    expect(cache.longestPrefix([1, 2, 3, 4], 9, 1, false)).toEqual({ row: 0, positions: 4 });
    expect(cache.longestPrefix([1, 2, 3, 4], 9, 1, true)).toEqual({ row: 0, positions: 2 });
    expect(cache.longestPrefix([1, 2, 3, 4], 1, 1, true)).toEqual({ row: 0, positions: 1 });
    // A prompt that goes on counts again up to its end.
    cache.appendPrompt(0, [5]);
    expect(cache.longestPrefix([1, 2, 3, 4, 5], 9, 1, true)).toEqual({ row: 0, positions: 5 });
  });
});

describe("rows", () => {
  test("are cut, and forgotten", () => {
    const cache = cacheOf();
    cache.appendPrompt(1, [1, 2, 3]);
    cache.truncate(1, 5);
    expect(cache.filled(1)).toBe(3);
    cache.truncate(1, 1);
    expect(cache.filled(1)).toBe(1);
    expect(cache.longestPrefix([1, 2], 9, 0, true)).toEqual({ row: 1, positions: 1 });
    cache.append(1, 2);
    expect(cache.longestPrefix([1, 2], 9, 0, true).positions).toBe(1);
    cache.appendPrompt(0, [1]);
    cache.forget();
    expect([0, 1, 2].map((row) => cache.filled(row))).toEqual([0, 0, 0]);
    expect(cache.longestPrefix([1, 2], 9, 0, false).positions).toBe(0);
  });

  test("are copied as far as they count, every head of keys and values", async () => {
    const cache = cacheOf();
    const before = filled(cache).map((data) => Float32Array.from(data));
    expect(before).toHaveLength(2);
    cache.appendPrompt(0, [1, 2]);
    cache.append(0, 3);
    cache.appendPrompt(2, [9, 9, 9, 9]);
    await cache.copy(0, 2, 3);
    const views = Object.values(cache.slice(0, 3)).map((view) => memoryOf(view));
    // A row is 2 heads of 4 positions of 8 numbers: 64; a head 32.
    for (const data of views)
      for (let i = 0; i < 192; i++) {
        const [r, head, at] = [Math.floor(i / 64), Math.floor(i / 32) % 2, i % 32];
        expect(data[i], `${i}`).toBe(r === 2 && at < 24 ? head * 32 + at : i);
      }
    expect([cache.filled(2), cache.filled(0)]).toEqual([3, 3]);
    expect(cache.longestPrefix([1, 2, 3], 9, 2, true)).toEqual({ row: 2, positions: 2 });
    await cache.copy(0, 1, 1);
    expect(cache.longestPrefix([1, 2, 3], 1, 1, true)).toEqual({ row: 1, positions: 1 });
    expect(cache.filled(1)).toBe(1);
  });

  test("are seen through views of consecutive ones", () => {
    const cache = cacheOf();
    filled(cache);
    for (const view of Object.values(cache.slice(1, 2))) {
      expect(view.shape).toEqual([2, 2, 4, 8]);
      expect(memoryOf(view)[0]).toBe(64);
      view.release();
    }
    const first = cache.first(2);
    expect(cache.first(2)).toBe(first);
    expect(cache.first(1)).not.toBe(first);
    for (const view of Object.values(cache.first(1))) expect(view.shape).toEqual([1, 2, 4, 8]);
    cache.release();
  });
});

describe("what is computed next", () => {
  const ask = (prompt: readonly number[]): Request =>
    new Request(prompt, samplingSchema.parse({ maxNewTokens: 4 }), { eos: new Set() }, { row: 0 });
  const run = (from: number, length: number): number[] => Array.from({ length }, (_, i) => from + i);

  test("short prompts come first, those that begin like an earlier one last", () => {
    const long = ask(run(100, 50));
    const same = ask([...run(100, 45), 7, 8]); // shares 45, worth copying
    const short = ask(run(200, 4));
    const like = ask([...run(200, 3), 9]); // shares all of the three that are computed
    const apart = ask([...run(200, 2), 9, 9, 9]); // shares two: not worth it
    expect(orderOfPrefill([long, same, short, like, apart])).toEqual([short, apart, long, same, like]);
    const [thirty, two] = [31, 32].map((n) => ask([...run(100, n), 1, 2, 3]));
    expect(orderOfPrefill([long, thirty])).toEqual([thirty, long]);
    expect(orderOfPrefill([long, two])).toEqual([long, two]);
    // A prompt of one token has nothing to compute, and follows none.
    const one = ask([200]);
    expect(orderOfPrefill([short, one])).toEqual([one, short]);
  });

  test("a beginning is taken from the cache where that is worth it", () => {
    const cache = new KeyValueCache(runtime, config, 3, 64);
    cache.appendPrompt(2, run(100, 40));
    const beginning = (prompt: number[], repeatable = false) =>
      cachedBeginning(cache, ask(prompt), 1, repeatable);
    expect(beginning([...run(100, 33), 1, 2])).toEqual({ row: 2, positions: 33 });
    expect(beginning([...run(100, 31), 1, 2])).toEqual({ row: 1, positions: 0 });
    expect(beginning([...run(100, 3), 1])).toEqual({ row: 2, positions: 3 }); // all there is to compute
    expect(beginning([...run(100, 3), 1, 2])).toEqual({ row: 1, positions: 0 });
    expect(beginning([100])).toEqual({ row: 1, positions: 0 });
    cache.append(0, 500);
    for (let i = 1; i < 40; i++) cache.append(0, 500 + i);
    expect(beginning([...run(500, 40), 1])).toEqual({ row: 0, positions: 40 });
    expect(beginning([...run(500, 40), 1], true)).toEqual({ row: 1, positions: 0 });
  });

  test("several short prompts are computed together, as wide as the widest, up to so many tokens", () => {
    const cache = new KeyValueCache(runtime, config, 8, 64);
    const prompts = [5, 6, 12, 3].map((n, i) => run(100 * (i + 1), n));
    const piece = (chunkTokens: number, joining = prompts) =>
      nextPiece(cache, joining.map(ask), 0, chunkTokens, true);
    // Beginnings without their last token, padded to 8 or 16.
    expect(piece(512)).toEqual({ parts: prompts.map((p) => p.slice(0, -1)), start: 0, columns: 16 });
    expect(piece(47)).toEqual({
      parts: prompts.slice(0, 2).map((p) => p.slice(0, -1)),
      start: 0,
      columns: 8,
    });
    expect(piece(48).parts).toHaveLength(3);
    expect(piece(15)).toMatchObject({ parts: [prompts[0].slice(0, -1)], columns: 8 });
    // Nothing wider than the cache, nor than the tokens at once.
    const narrow = new KeyValueCache(runtime, config, 2, 12);
    expect(nextPiece(narrow, [ask(run(1, 12))], 0, 512, true).columns).toBe(12);
    expect(piece(6, [prompts[0]])).toMatchObject({ columns: 6 });
    expect(piece(4, [prompts[0]])).toMatchObject({ columns: 4 });
  });

  test("those wait that need nothing, or begin like another, or can be copied", () => {
    const cache = new KeyValueCache(runtime, config, 8, 64);
    cache.appendPrompt(7, run(900, 8));
    const parts = (...prompts: number[][]) =>
      nextPiece(cache, prompts.map(ask), 0, 512, true).parts.map((part) => part.length);
    expect(parts(run(1, 5), run(50, 5))).toEqual([4, 4]);
    expect(parts(run(1, 5), [50], run(60, 5))).toEqual([4]);
    expect(parts(run(1, 5), run(50, 5), [1, 2, 3, 4, 9])).toEqual([4, 4]);
    expect(parts(run(1, 5), [...run(900, 4), 1])).toEqual([4]);
  });

  test("a long prompt is computed by pieces, the last of two tokens at least", () => {
    const cache = new KeyValueCache(runtime, config, 2, 64);
    const prompt = run(1, 40);
    const piece = () => nextPiece(cache, [ask(prompt), ask(run(100, 3))], 1, 16, true);
    expect(piece()).toEqual({ parts: [prompt.slice(0, 16)], start: 0, columns: "any" });
    cache.appendPrompt(1, prompt.slice(0, 16));
    expect(piece()).toEqual({ parts: [prompt.slice(16, 32)], start: 16, columns: "any" });
    cache.appendPrompt(1, prompt.slice(16, 32));
    expect(piece()).toEqual({ parts: [prompt.slice(32, 39)], start: 32, columns: "any" });
    // With 38 of 39 held, the last two are computed.
    cache.appendPrompt(1, prompt.slice(32, 38));
    expect(piece()).toEqual({ parts: [prompt.slice(37, 39)], start: 37, columns: "any" });
  });
});
