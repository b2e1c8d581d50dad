import fc from "fast-check";
import { expect, test } from "vitest";
import type { Sequence } from "./batch.js";
import { packGroups } from "./packing.js";
import { layRow } from "./row-layout.js";

const sequence = (ids: readonly number[]): Sequence => ({ ids, lossMask: ids.map(() => false) });

test("each sequence is in one row, rows keep to the length, and groups that fit stay together", () => {
  const ids = fc.array(fc.integer({ min: 3, max: 5 }), { minLength: 1, maxLength: 16 });
  const groups = fc.array(fc.array(ids, { minLength: 1, maxLength: 3 }), { maxLength: 40 });
  const check = (texts: number[][][], share: boolean): void => {
    let next = 0;
    const indices = texts.map((group) => group.map(() => next++));
    const sequences = texts.flat().map(sequence);
    const rows = packGroups(sequences, indices, 16, share);
    expect(rows.flat().sort((a, b) => a - b)).toEqual(sequences.map((_, i) => i));
    const size = (members: readonly number[]): number =>
      layRow(
        members.map((m) => sequences[m].ids),
        share,
      ).ids.length;
    for (const row of rows) expect(size(row)).toBeLessThanOrEqual(16);
    for (const group of indices) {
      if (size(group) <= 16) expect(rows.some((row) => group.every((i) => row.includes(i)))).toBe(true);
    }
  };
  fc.assert(fc.property(groups, fc.boolean(), check), { seed: 1 });
});

test("a text goes where it adds the fewest tokens", () => {
  const texts = [
    [1, 2, 3, 4, 5, 6],
    [7, 8, 9, 10, 11, 12],
    [7, 8, 9, 10, 13],
    [1, 2, 3, 14],
  ].map(sequence);
  const alone = texts.map((_, i) => [i]);
  expect(packGroups(texts, alone, 8, true)).toEqual([
    [0, 3],
    [1, 2],
  ]);
  expect(packGroups(texts, alone, 8, false)).toEqual([[0], [1], [2], [3]]);
  expect(packGroups(texts, alone, 10, false)).toEqual([[0, 3], [1], [2]]);
});

test("equal texts are laid out once, however many there are", () => {
  const texts = Array.from({ length: 5000 }, () => sequence([1, 2, 3, 4, 5, 6, 7]));
  const alone = texts.map((_, i) => [i]);
  expect(packGroups(texts, alone, 8, true)).toEqual([texts.map((_, i) => i)]);
});
