import fc from "fast-check";
import { expect, test } from "vitest";
import { layRow } from "./row-layout.js";

test("a pair's prompt is there once, and neither answer sees the other", () => {
  const row = layRow([[5, 6, 7, 8], [9], [5, 6, 3], [5, 6, 7]], true);
  expect(row).toEqual({
    ids: [5, 6, 7, 8, 3, 9],
    positions: [0, 1, 2, 3, 2, 0],
    segmentEnd: [5, 5, 4, 4, 5, 6],
    columns: [[0, 1, 2, 3], [5], [0, 1, 4], [0, 1, 2]],
  });
  expect(layRow([[5, 6], [5]], false)).toEqual({
    ids: [5, 6, 5],
    positions: [0, 1, 0],
    segmentEnd: [2, 2, 3],
    columns: [[0, 1], [2]],
  });
});

test("each token sees its own sequence up to itself, and nothing else", () => {
  const ids = fc.array(fc.integer({ min: 3, max: 4 }), { maxLength: 6 });
  const check = (sequences: number[][], share: boolean): void => {
    const row = layRow(sequences, share);
    const all = row.ids.map((_, column) => column);
    sequences.forEach((sequence, s) => {
      const columns = row.columns[s];
      expect(columns.map((column) => row.ids[column])).toEqual(sequence);
      expect(columns.map((column) => row.positions[column])).toEqual(sequence.map((_, t) => t));
      columns.forEach((i, t) => {
        expect(all.filter((j) => j <= i && i < row.segmentEnd[j])).toEqual(columns.slice(0, t + 1));
      });
    });
    const prefixes = sequences.flatMap((s) => s.map((_, t) => s.slice(0, t + 1).join()));
    expect(row.ids.length).toBe(share ? new Set(prefixes).size : prefixes.length);
  };
  fc.assert(fc.property(fc.array(ids, { maxLength: 8 }), fc.boolean(), check), { seed: 1 });
});
