/**
 * An error that the user caused and can fix: bad input, a missing file, a full disk.
 *
 * `message` says what was wrong and where, and what was expected; `hint` says what to do. The CLI prints both without a
 * stack trace and exits with `exitCode`. Any other exception is a bug.
 */
export class PlumbError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, options: { hint?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "PlumbError";
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/**
 * Distance between two short strings: insertions, deletions, substitutions and swaps of neighbours, each 1 (Damerau and
 * Levenshtein, in Lowrance and Wagner 1975's unrestricted form, which is a metric).
 */
export function editDistance(a: string, b: string): number {
  const far = a.length + b.length;
  const lastRow = new Map<string, number>();
  // Row and column 0 are a border of `far`, 1 the empty prefix.
  const d = Array.from({ length: a.length + 2 }, (_, i) =>
    Array.from({ length: b.length + 2 }, (_, j) => (i === 0 || j === 0 ? far : i === 1 ? j - 1 : i - 1)),
  );
  for (let i = 1; i <= a.length; i++) {
    let lastMatch = 0;
    for (let j = 1; j <= b.length; j++) {
      const row = lastRow.get(b[j - 1]) ?? 0;
      const column = lastMatch;
      const same = a[i - 1] === b[j - 1];
      if (same) lastMatch = j;
      d[i + 1][j + 1] = Math.min(
        d[i][j] + (same ? 0 : 1),
        d[i + 1][j] + 1,
        d[i][j + 1] + 1,
        d[row][column] + (i - row - 1) + 1 + (j - column - 1),
      );
    }
    lastRow.set(a[i - 1], i);
  }
  return d[a.length + 1][b.length + 1];
}

/** Most typing errors in a name: one for every three letters. */
const likelyErrors = (letters: number): number => Math.floor(letters / 3);

/**
 * The known name nearest to `name`, whatever the case, or undefined when none is close enough to make a typing error
 * likely: in names of one or two letters none is, as any two of them are near.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  const typed = name.toLowerCase().slice(0, 64);
  for (const candidate of known) {
    const distance = editDistance(typed, candidate.toLowerCase().slice(0, 64));
    const most = likelyErrors(Math.min(name.length, candidate.length));
    if (distance <= most && distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
