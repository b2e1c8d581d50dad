import { PlumbError } from "../base/errors.js";

/**
 * Splits rows into a training and a held-out part that share no conversation, deterministically: of the conversations,
 * in the order in which they first occur, those at indices 0, k, 2k, ... are held out with all of their rows, where k =
 * round(1 / share). The same file and share always give the same split, in any program that counts conversations.
 *
 * @param share of the conversations to hold out, in [0, 0.5]; 0 holds out none.
 * @param conversation names what a row is about: rows with one name go to one part. Of several names, one in common is enough.
 * @throws PlumbError if the share is out of range, or no row is left for training.
 */
export function holdOut<Row>(
  rows: readonly Row[],
  share: number,
  conversation: (row: Row) => string | readonly string[],
): { train: Row[]; heldOut: Row[] } {
  if (!(share >= 0 && share <= 0.5))
    throw new PlumbError(`the held-out share is ${share}; expected 0 to 0.5`);
  if (share === 0) return { train: [...rows], heldOut: [] };
  const every = Math.round(1 / share);
  const conversations = connected(rows, rows.map(conversation));
  const kept = new Set(conversations.filter((_, i) => i % every === 0).flat());
  const train = rows.filter((row) => !kept.has(row));
  if (train.length > 0) return { train, heldOut: rows.filter((row) => kept.has(row)) };
  const count = conversations.length;
  const about = count === rows.length ? `${count} rows` : `${count} conversations (${rows.length} rows)`;
  throw new PlumbError(`holding out ${share} of ${about} leaves none to train on`, {
    hint: "Give rows of more conversations, or hold out 0.",
  });
}

/** Groups of rows that have a name in common, or that others connect; in the order in which they first occur. */
function connected<Row>(rows: readonly Row[], names: readonly (string | readonly string[])[]): Row[][] {
  const parents: number[] = rows.map((_, i) => i);
  const first = new Map<string, number>();
  const rootOf = (i: number): number => {
    let at = i;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  };
  for (const [i, own] of names.entries()) {
    for (const name of typeof own === "string" ? [own] : own) {
      const [a, b] = [rootOf(first.get(name) ?? i), rootOf(i)];
      // The earliest row stands for its group.
      parents[Math.max(a, b)] = Math.min(a, b);
      if (!first.has(name)) first.set(name, i);
    }
  }
  const groups = new Map<number, Row[]>();
  for (const [i, row] of rows.entries()) {
    const root = rootOf(i);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}
