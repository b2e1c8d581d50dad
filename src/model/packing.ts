import { PlumbError } from "../base/errors.js";
import { type Batch, readings, type Sequence } from "./batch.js";
import { commonBeginning, layRow } from "./row-layout.js";

/** Number of latest rows that are searched for room; older ones stay as they are. */
const OPEN_ROWS = 64;

/**
 * Puts sequences into rows of at most `length` tokens: first-fit in the given order, so that equal data give equal
 * rows. Each sequence must fit a row.
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
      if (open.length > OPEN_ROWS) open.shift();
    }
    row.items.push(sequence);
    row.used += size;
  }
  return rows.map((row) => row.items);
}

interface Row {
  members: number[];
  /** The texts of its members, except those that are the beginning of another. */
  texts: (readonly number[])[];
  used: number;
}

/**
 * Puts groups of sequences into rows of at most `length` tokens, the largest first, each into the row where it adds the
 * fewest tokens. With `share`, common beginnings of sequences in a row count once. The sequences of a group share a row
 * if they fit into one.
 * @param groups indices of sequences. @returns rows of indices.
 */
export function packGroups(
  sequences: readonly Sequence[],
  groups: readonly (readonly number[])[],
  length: number,
  share: boolean,
): number[][] {
  const texts = (group: readonly number[]): (readonly number[])[] => group.map((i) => sequences[i].ids);
  const fitting = groups
    .flatMap((group) =>
      additions([], texts(group), share).tokens <= length ? [group] : group.map((i) => [i]),
    )
    .map((group) => ({ group, alone: additions([], texts(group), share) }))
    .filter(({ alone }) => alone.tokens > 0)
    .sort((a, b) => b.alone.tokens - a.alone.tokens); // equal ones stay in order
  const rows: Row[] = [];
  for (const { group, alone } of fitting) {
    let best: Row | undefined;
    let fewest = alone;
    for (const row of rows.slice(-OPEN_ROWS)) {
      if (!share && row.used + alone.tokens > length) continue;
      const found = share ? additions(row.texts, texts(group), share) : alone;
      if (row.used + found.tokens > length || (best && found.tokens >= fewest.tokens)) continue;
      best = row;
      fewest = found;
    }
    if (!best) {
      best = { members: [], texts: [], used: 0 };
      rows.push(best);
    }
    best.members.push(...group);
    best.texts.push(...fewest.texts);
    best.used += fewest.tokens;
  }
  return rows.map((row) => row.members);
}

/** What texts add to a row that holds others: the number of tokens, and those of the texts that add any. */
function additions(
  held: readonly (readonly number[])[],
  added: readonly (readonly number[])[],
  share: boolean,
): { tokens: number; texts: (readonly number[])[] } {
  const texts: (readonly number[])[] = [];
  let tokens = 0;
  for (const ids of added) {
    let common = 0;
    if (share) {
      for (const other of held) common = Math.max(common, commonBeginning(ids, other));
      for (const other of texts) common = Math.max(common, commonBeginning(ids, other));
    }
    if (common === ids.length) continue;
    texts.push(ids);
    tokens += ids.length - common;
  }
  return { tokens, texts };
}

/**
 * Pads rows of several sequences into a batch of [rows, columns]. Lists with an entry per sequence are in the order of
 * `sequences`, whatever row each is in. The first token of a sequence is never read.
 * @param placed rows of indices of sequences. @param share lays out equal beginnings in a row only once.
 * @param slots length of `last`, at least the number of sequences.
 */
export function collatePacked(
  sequences: readonly Sequence[],
  placed: readonly (readonly number[])[],
  padId: number,
  { rows, columns, share, slots = sequences.length }: PackedShape,
): Batch {
  const ids = new BigInt64Array(rows * columns).fill(BigInt(padId));
  const segmentEnd = new Int32Array(rows * columns).fill(columns);
  const positions = new BigInt64Array(rows * columns);
  const last = new BigInt64Array(slots);
  const lengths = new Array<number>(rows).fill(0);
  const indices: number[][] = sequences.map(() => []);
  placed.forEach((members, b) => {
    const start = b * columns;
    const row = layRow(
      members.map((m) => sequences[m].ids),
      share,
    );
    if (row.ids.length > columns)
      throw new PlumbError(`a row of ${row.ids.length} tokens does not fit ${columns} columns`);
    row.ids.forEach((id, t) => {
      ids[start + t] = BigInt(id);
    });
    lengths[b] = row.ids.length;
    segmentEnd.set(row.segmentEnd, start);
    row.positions.forEach((position, t) => {
      positions[start + t] = BigInt(position);
    });
    members.forEach((m, i) => {
      indices[m] = row.columns[i].map((column) => start + column);
      last[m] = BigInt(indices[m][indices[m].length - 1] ?? 0);
    });
  });
  const read = readings(sequences, rows * columns, (s, t) => indices[s][t]);
  return { rows, columns, ids, last, lengths, mask: { segmentEnd, positions }, ...read };
}

interface PackedShape {
  rows: number;
  columns: number;
  share: boolean;
  slots?: number;
}
