/**
 * Differences between two texts, by words: Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), greedy
 * form.
 */

export interface Piece {
  text: string;
  /** same: in both; gone: only in the first; new: only in the second. */
  what: "same" | "gone" | "new";
}

/**
 * Most differences that are searched for; beyond, texts count as wholly different: time and memory grow quadratically.
 */
const MAX_DIFFERENCES = 600;

/** The pieces of an edit from one text to another, in order. */
export function wordDiff(before: string, after: string): Piece[] {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end++;
  const middle = edits(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return joined([
    ...a.slice(0, start).map((text): Piece => ({ text, what: "same" })),
    ...middle,
    ...a.slice(a.length - end).map((text): Piece => ({ text, what: "same" })),
  ]);
}

/** Words, and the blanks between them. */
function wordsOf(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
}

function edits(a: readonly string[], b: readonly string[]): Piece[] {
  const most = Math.min(a.length + b.length, MAX_DIFFERENCES);
  // furthest[k]: the furthest position in a on diagonal k with d differences; one row is kept for each d.
  let furthest = new Map<number, number>([[1, 0]]);
  const rows: Map<number, number>[] = [];
  for (let d = 0; d <= most; d++) {
    rows.push(new Map(furthest));
    const next = new Map(furthest);
    for (let k = -d; k <= d; k += 2) {
      const [above, below] = [furthest.get(k + 1) ?? -1, furthest.get(k - 1) ?? -1];
      let x = k === -d || (k !== d && below < above) ? above : below + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return traced(rows, a, b);
    }
    furthest = next;
  }
  return [
    ...a.map((text): Piece => ({ text, what: "gone" })),
    ...b.map((text): Piece => ({ text, what: "new" })),
  ];
}

/** Traces the path back from the end. */
function traced(rows: readonly Map<number, number>[], a: readonly string[], b: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = rows.length - 1; d >= 0; d--) {
    const row = rows[d];
    const k = x - y;
    const [above, below] = [row.get(k + 1) ?? -1, row.get(k - 1) ?? -1];
    const before = k === -d || (k !== d && below < above) ? k + 1 : k - 1;
    const [fromX, fromY] = d === 0 ? [0, 0] : [row.get(before) ?? 0, (row.get(before) ?? 0) - before];
    for (; x > fromX && y > fromY; y--) pieces.push({ text: a[--x], what: "same" });
    if (d === 0) break;
    if (x > fromX) pieces.push({ text: a[--x], what: "gone" });
    else if (y > fromY) pieces.push({ text: b[--y], what: "new" });
  }
  return pieces.reverse();
}

/** Joins neighbouring pieces of one kind. */
function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (last?.what === piece.what) last.text += piece.text;
    else out.push({ ...piece });
  }
  return out;
}
