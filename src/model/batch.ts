import { PlumbError } from "../base/errors.js";

/** A tokenised text with the tokens that a loss reads: lossMask[t] marks that log p(ids[t] | ids[<t]) counts. */
export interface Sequence {
  readonly ids: readonly number[];
  readonly lossMask: readonly boolean[];
}

/** A prompt and a completion as one sequence; the mask marks the completion. */
export function promptCompletion(prompt: readonly number[], completion: readonly number[]): Sequence {
  const lossMask = [...prompt.map(() => false), ...completion.map(() => true)];
  return { ids: [...prompt, ...completion], lossMask };
}

/** Which tokens of a row see which, for rows that hold more than one sequence. */
export interface RowMask {
  /**
   * i32 [B, T]: the end of the columns that see a token. A token in column j is seen by columns i with j <= i <
   * segmentEnd[j].
   */
  segmentEnd: Int32Array;
  /** i64 [B, T]: positions within sequences. */
  positions: BigInt64Array;
}

/**
 * Sequences as one rectangle, padded on the right, with a list of the positions that are read. Only these positions go
 * through the output head.
 */
export interface Batch {
  /** Rows, B; rows beyond the sequences are padding. */
  rows: number;
  /** Columns, T. */
  columns: number;
  /** i64 [B T] */
  ids: BigInt64Array;
  /** i64 [M]: index in [B T] of the hidden state that predicts each token read; padded with 0. */
  readFrom: BigInt64Array;
  /** i64 [M]: the tokens read. */
  targets: BigInt64Array;
  /** f32 [M]: 1 for a token read, 0 for padding. */
  weights: Float32Array;
  /** Number of tokens read. */
  count: number;
  /** Where each sequence's tokens start in the list of those read; the last entry is `count`. */
  starts: number[];
  /** i64: index in [B T] of each sequence's last token, with further entries for padding rows. */
  last: BigInt64Array;
  /** Tokens of each row; the rest of it is padding. */
  lengths: number[];
  /** The mask of rows that hold several sequences; without it, each row holds one. */
  mask?: RowMask;
}

/** Lengths are rounded up to these, so that few programs serve all batches. */
const LENGTHS = [
  8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192,
];

/** The length to which a row of n tokens is padded. */
export function paddedLength(n: number): number {
  const length = LENGTHS.find((l) => l >= n);
  return length ?? Math.ceil(n / 2048) * 2048;
}

/**
 * Pads sequences into a batch.
 * @param rows B, at least the number of sequences. @param columns T; default: the longest sequence, rounded up.
 * @throws PlumbError if a sequence does not fit T columns.
 */
export function collate(
  sequences: readonly Sequence[],
  padId: number,
  rows = sequences.length,
  columns?: number,
): Batch {
  const longest = sequences.reduce((n, s) => Math.max(n, s.ids.length), 1);
  const T = columns ?? paddedLength(longest);
  if (longest > T) throw new PlumbError(`a sequence of ${longest} tokens does not fit ${T} columns`);
  const ids = new BigInt64Array(rows * T).fill(BigInt(padId));
  const last = new BigInt64Array(rows);
  const lengths = Array.from({ length: rows }, (_, b) => sequences[b]?.ids.length ?? 0);
  sequences.forEach((sequence, b) => {
    sequence.ids.forEach((id, t) => {
      ids[b * T + t] = BigInt(id);
    });
    last[b] = BigInt(b * T + Math.max(0, sequence.ids.length - 1));
  });
  return { rows, columns: T, ids, last, lengths, ...readings(sequences, rows * T, (b, t) => b * T + t) };
}

/**
 * The list of tokens read.
 * @param positions B T. @param at index in [B T] of a sequence's token.
 */
export function readings(
  sequences: readonly Sequence[],
  positions: number,
  at: (sequence: number, token: number) => number,
): Pick<Batch, "readFrom" | "targets" | "weights" | "count" | "starts"> {
  const count = sequences.reduce((n, s) => n + s.lossMask.filter((counts, t) => counts && t > 0).length, 0);
  // M is a quarter, half or all of the rectangle: at most three programs for one rectangle. It is larger only if
  // sequences share tokens.
  const M = [4, 2, 1].map((d) => Math.ceil(positions / d)).find((m) => m >= count) ?? paddedLength(count);
  const readFrom = new BigInt64Array(M);
  const targets = new BigInt64Array(M);
  const weights = new Float32Array(M);
  const starts: number[] = [];
  let next = 0;
  sequences.forEach((sequence, b) => {
    starts.push(next);
    sequence.ids.forEach((id, t) => {
      if (t === 0 || !sequence.lossMask[t]) return;
      readFrom[next] = BigInt(at(b, t - 1));
      targets[next] = BigInt(id);
      weights[next++] = 1;
    });
  });
  starts.push(next);
  return { readFrom, targets, weights, count, starts };
}

/** Splits a list into consecutive groups of at most `size` items. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const out: T[][] = [];
  for (let i = 0; i < items.length; i += size) out.push(items.slice(i, i + size));
  return out;
}

/**
 * Indices of sequences in batches of at most `size` and of similar length, which saves padding. The longest come first,
 * so that memory peaks at the start. Results must be put back by index.
 */
export function byLength(lengths: readonly number[], size: number): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b] - lengths[a] || a - b);
  return chunks(order, size);
}
