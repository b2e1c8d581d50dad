import type { Batch, Sequence } from "./batch.js";
import { collate } from "./batch.js";

/**
 * Puts sequences into rows of at most `length` tokens: first-fit in the order given, which keeps the rows of equal
 * data equal. Each sequence must fit a row.
 */
export function packSequences(sequences: readonly Sequence[], length: number): Sequence[][] {
  const rows: { items: Sequence[]; used: number }[] = [];
  const open: { items: Sequence[]; used: number }[] = [];
  for (const sequence of sequences) {
    const size = sequence.ids.length;
    let row = open.find((r) => r.used + size <= length);
    if (!row) {
      row = { items: [], used: 0 };
      rows.push(row);
      open.push(row);
      if (open.length > 64) open.shift();
    }
    row.items.push(sequence);
    row.used += size;
  }
  return rows.map((row) => row.items);
}

/** A batch whose rows hold several documents each. */
export interface PackedBatch extends Batch {
  /** i32 [B, T]: the number of each token's document in its row, from 1; 0 is padding. */
  segments: Int32Array;
  /** i64 [B, T]: positions within documents. */
  positions: BigInt64Array;
}

/** Pads rows of several sequences into a batch of [rows, columns]. The first token of a document is never read. */
export function collatePacked(
  packed: readonly (readonly Sequence[])[],
  padId: number,
  rows: number,
  columns: number,
): PackedBatch {
  const joined = packed.map(
    (items): Sequence => ({
      ids: items.flatMap((s) => s.ids),
      read: items.flatMap((s) => s.read.map((read, t) => read && t > 0)),
    }),
  );
  const batch = collate(joined, padId, rows, columns);
  const segments = new Int32Array(rows * columns);
  const positions = new BigInt64Array(rows * columns);
  packed.forEach((items, b) => {
    let at = b * columns;
    items.forEach((sequence, number) => {
      for (let t = 0; t < sequence.ids.length; t++, at++) {
        segments[at] = number + 1;
        positions[at] = BigInt(t);
      }
    });
  });
  return { ...batch, segments, positions };
}
