/** The layout of the tokens of several sequences in one row. */
interface RowLayout {
  ids: number[];
  /** Each token's position within its sequence. */
  positions: number[];
  /** For each token, the end of the columns that see it; see `RowMask`. */
  segmentEnd: number[];
  /** For each sequence, the column of each of its tokens. */
  columns: number[][];
}

/**
 * Lays sequences out in one row. With `share`, the row is a tree: a beginning that several sequences have in common
 * occurs once, and their continuations are branches, one after another, which do not see each other.
 */
export function layRow(sequences: readonly (readonly number[])[], share: boolean): RowLayout {
  const row: RowLayout = { ids: [], positions: [], segmentEnd: [], columns: sequences.map(() => []) };
  /** Lays out the tokens from position `from` on, for sequences that are equal up to and including the token there. */
  const branch = (members: readonly number[], from: number): void => {
    const ids = sequences[members[0]];
    const start = row.ids.length;
    let t = from;
    while (t < ids.length && members.every((m) => sequences[m][t] === ids[t])) {
      for (const m of members) row.columns[m].push(row.ids.length);
      row.ids.push(ids[t]);
      row.positions.push(t++);
    }
    const own = row.ids.length;
    branches(members, t);
    for (let column = start; column < own; column++) row.segmentEnd[column] = row.ids.length;
  };
  const branches = (members: readonly number[], from: number): void => {
    const longer = members.filter((m) => sequences[m].length > from);
    for (const group of share ? byToken(longer, sequences, from) : longer.map((m) => [m]))
      branch(group, from);
  };
  branches(
    sequences.map((_, i) => i),
    0,
  );
  return row;
}

/** Groups members by their token at a position, in order of first appearance. */
function byToken(
  members: readonly number[],
  sequences: readonly (readonly number[])[],
  position: number,
): Iterable<number[]> {
  const groups = new Map<number, number[]>();
  for (const m of members) {
    const token = sequences[m][position];
    const group = groups.get(token);
    if (group) group.push(m);
    else groups.set(token, [m]);
  }
  return groups.values();
}

/** Number of tokens that two sequences have in common at the start. */
export function commonBeginning(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && a[n] === b[n]) n++;
  return n;
}
