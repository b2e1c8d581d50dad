import os from "node:os";
import { afterEach, describe, expect, test, vi } from "vitest";
import { smallConfig } from "../../test/tiny-network.js";
import { chooseCacheSize } from "./cache-size.js";
import { bytesPerPosition } from "./kv-cache.js";

const config = smallConfig();
/** Two layers, keys and values, one head of 16 f32. */
const BYTES = 2 * 2 * 1 * 16 * 4;
const row = (capacity: number): number => capacity * BYTES;
afterEach(() => vi.restoreAllMocks());

describe("the room of a cache", () => {
  test("is counted in bytes of keys and values", () => {
    expect(bytesPerPosition(config)).toBe(BYTES);
    expect(bytesPerPosition(smallConfig({ layers: 3, kvHeads: 2, headDim: 8 }))).toBe(3 * 2 * 2 * 8 * 4);
  });

  test.each([
    [1, 64],
    [64, 64],
    [65, 128],
  ])("for %d positions is rounded up to %d", (positions, capacity) => {
    expect(chooseCacheSize(config, positions, { batchSize: 3 })).toEqual({ rows: 3, capacity });
  });

  test("is as was asked, if that is enough", () => {
    expect(chooseCacheSize(config, 30, { batchSize: 3, capacity: 30 })).toEqual({ rows: 3, capacity: 30 });
    expect(() => chooseCacheSize(config, 31, { batchSize: 3, capacity: 30 })).toThrow(
      "a request of 31 tokens exceeds the cache's 30 per row",
    );
  });

  test("has as many rows as fit the bytes, whole ones, up to what was asked or 64", () => {
    const rows = (cacheBytes: number, batchSize?: number) =>
      chooseCacheSize(config, 64, { cacheBytes, batchSize }).rows;
    expect(rows(row(64))).toBe(1);
    expect(rows(5.9 * row(64))).toBe(5);
    expect(rows(5.9 * row(64), 4)).toBe(4);
    expect(rows(5.9 * row(64), 8)).toBe(5);
    expect(rows(1000 * row(64))).toBe(64);
    expect(() => rows(row(64) - 1, 8)).toThrow(/one row of 64 tokens take 1 MB, more than the 1 MB/);
    expect(() => chooseCacheSize(config, 64 * 1000, { cacheBytes: 9.1e6 })).toThrow(
      /take 17 MB, more than the 10 MB/,
    );
  });

  test("has half of the free memory, of the process where that is limited", () => {
    vi.spyOn(os, "freemem").mockReturnValue(20 * row(64));
    const limit = vi.spyOn(process, "constrainedMemory").mockReturnValue(0);
    const used = vi.spyOn(process.memoryUsage, "rss").mockReturnValue(1000 * row(64));
    expect(chooseCacheSize(config, 64, {}).rows).toBe(10);
    limit.mockReturnValue(1008 * row(64));
    expect(chooseCacheSize(config, 64, {}).rows).toBe(4);
    limit.mockReturnValue(5000 * row(64));
    expect(chooseCacheSize(config, 64, {}).rows).toBe(10);
    // A limit that was passed says nothing.
    limit.mockReturnValue(1000 * row(64));
    expect(chooseCacheSize(config, 64, {}).rows).toBe(10);
    used.mockReturnValue(0);
    expect(chooseCacheSize(config, 64, { batchSize: 30 })).toEqual({ rows: 30, capacity: 64 });
  });
});
