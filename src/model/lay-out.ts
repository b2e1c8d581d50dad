import { type Batch, byLength, collate, paddedLength, type Sequence } from "./batch.js";
import { collatePacked, packGroups } from "./packing.js";
import { commonBeginning } from "./row-layout.js";

/** Whether sequences share rows: if it saves enough, always, or never. */
export const PACKING = ["auto", "always", "never"] as const;
/** Whether several sequences share a row: never, always, or where it saves work. */
export type Packing = (typeof PACKING)[number];

/** Largest cost of a packed layout that `auto` accepts, as a share of the padded layout's. */
const WORTH_IT = 0.9;
/**
 * Widths of packed rows, few so that few programs serve all batches; a longer one is used only for a sequence that
 * exceeds all of these.
 */
const PACKED_COLUMNS = [16, 32, 64, 128, 256, 512];
/** Most sequences in a group that is found in a list. */
const LARGEST_GROUP = 32;
/** A token's attention to this many columns takes about as long as all its other products together. */
const ATTENTION_COLUMNS = 1024;

/** Rounds the number of packed rows up to 1, 2, 3, 4, 6, 8, 12, 16, ..., so that few programs serve all batches. */
const roundedRows = (rows: number): number => {
  const power = 2 ** Math.floor(Math.log2(rows));
  return [power, 1.5 * power, 2 * power].find((n) => n >= rows && Number.isInteger(n)) as number;
};

/** Estimated work of a rectangle, in units of a token's products. */
const cost = (rows: number, columns: number): number => rows * columns * (1 + columns / ATTENTION_COLUMNS);

/** How sequences are laid out in rows of a batch. */
export interface LayOut {
  padId: number;
  /** Rows of the padded layout; a packed layout has as many as it needs. */
  rows: number;
  packing: Packing;
  /** Tokens over which the network looks back; undefined if it sees all. */
  window: number | undefined;
  /** Indices of sequences that begin alike and should share a row; default: each alone. */
  groups?: readonly (readonly number[])[];
}

/** Sequences as one batch, with one or several in each row; a pure function of their tokens. */
export function layOut(sequences: readonly Sequence[], options: LayOut): Batch {
  const { padId, rows, packing } = options;
  if (packing === "never") return collate(sequences, padId, rows);
  const rowsFor = (count: number): number => Math.min(roundedRows(count), Math.max(rows, count));
  const packed = packedRows(sequences, options, rowsFor);
  if (packing === "auto" && packed.cost > WORTH_IT * cost(rows, widest(sequences)))
    return collate(sequences, padId, rows);
  const { placed, columns, share } = packed;
  return collatePacked(sequences, placed, padId, {
    rows: rowsFor(Math.max(1, placed.length)),
    columns,
    share,
    slots: sequences.length,
  });
}

/** A batch of some of a list's sequences. */
export interface Run {
  indices: readonly number[];
  batch: Batch;
}

/** Splits a long list into batches of bounded size, of similar length if rows hold one sequence each. */
export function* layOutInRuns(sequences: readonly Sequence[], options: LayOut): Generator<Run> {
  const { padId, rows, packing } = options;
  const of = (indices: readonly number[]): Sequence[] => indices.map((i) => sequences[i]);
  const padded = byLength(
    sequences.map(({ ids }) => ids.length),
    rows,
  );
  const paddedCost = padded.reduce((sum, indices) => sum + cost(rows, widest(of(indices))), 0);
  const budget = rows * widest(sequences);
  const perRun = (count: number, columns: number): number => {
    const most = Math.max(1, Math.floor(budget / columns));
    return Math.min(most, roundedRows(Math.ceil(count / Math.ceil(count / most))));
  };
  const packed =
    packing === "never"
      ? undefined
      : packedRows(
          sequences,
          { ...options, groups: options.groups ?? neighbours(sequences) },
          (count, columns) => Math.ceil(count / perRun(count, columns)) * perRun(count, columns),
        );
  if (!packed || (packing === "auto" && packed.cost > WORTH_IT * paddedCost)) {
    for (const indices of padded) yield { indices, batch: collate(of(indices), padId, rows) };
    return;
  }
  const { placed, columns, share } = packed;
  const size = perRun(placed.length, columns);
  for (let start = 0; start < placed.length; start += size) {
    const part = placed.slice(start, start + size);
    const indices = part.flat();
    let next = 0;
    const own = part.map((row) => row.map(() => next++));
    const slots = paddedLength(indices.length);
    const batch = collatePacked(of(indices), own, padId, { rows: size, columns, share, slots });
    yield { indices, batch };
  }
}

interface PackedRows {
  placed: number[][];
  columns: number;
  share: boolean;
  cost: number;
}

/**
 * The cheapest packing over the possible row lengths. @param rowsFor the number of rows computed when `count` are
 * filled.
 */
function packedRows(
  sequences: readonly Sequence[],
  { window, groups = sequences.map((_, i) => [i]) }: LayOut,
  rowsFor: (count: number, columns: number) => number,
): PackedRows {
  const shortest = widest(sequences);
  const lengths = PACKED_COLUMNS.filter((columns) => columns >= shortest);
  if (lengths.length === 0) lengths.push(shortest);
  let best: PackedRows | undefined;
  for (const columns of lengths) {
    // In a tree, tokens are further apart in their row than in their text, so a window cannot be counted in columns.
    const share = window === undefined || columns <= window;
    const placed = packGroups(sequences, groups, columns, share);
    const found = {
      placed,
      columns,
      share,
      cost: cost(rowsFor(Math.max(1, placed.length), columns), columns),
    };
    if (!best || found.cost < best.cost) best = found;
  }
  return best as PackedRows;
}

/** Columns of the padded layout. */
const widest = (sequences: readonly Sequence[]): number =>
  paddedLength(sequences.reduce((n, { ids }) => Math.max(n, ids.length), 1));

/**
 * Groups of consecutive sequences that share half of the shorter one's tokens, such as a pair's two sides or a group's
 * answers.
 */
function neighbours(sequences: readonly Sequence[]): number[][] {
  const groups: number[][] = [];
  sequences.forEach(({ ids }, i) => {
    const group = groups[groups.length - 1];
    const before = group && sequences[group[0]].ids;
    if (
      before &&
      group.length < LARGEST_GROUP &&
      2 * commonBeginning(before, ids) >= Math.min(before.length, ids.length)
    )
      group.push(i);
    else groups.push([i]);
  });
  return groups;
}
