import { PlumbError } from "../base/errors.js";

/**
 * Splits rows into a training and a held-out part that share no conversation, deterministically: of the conversations,
 * in the order in which they first occur, those at indices 0, k, 2k, ... are held out with all of their rows, where k =
 * round(1 / share). The same file and share always give the same split, in any program that counts conversations.
 *
 * @param share of the conversations to hold out, in [0, 0.5]; 0 holds out none.
 * @param conversation names what a row is about: rows with one name go to one part.
 * @throws PlumbError if the share is out of range, or no row is left for training.
 */
export function holdOut<Row>(
  rows: readonly Row[],
  share: number,
  conversation: (row: Row) => string,
): { train: Row[]; heldOut: Row[] } {
  if (!(share >= 0 && share <= 0.5))
    throw new PlumbError(`the held-out share is ${share}; expected 0 to 0.5`);
  if (share === 0) return { train: [...rows], heldOut: [] };
  const every = Math.round(1 / share);
  const groups = groupsOf(rows, conversation);
  const parts = { train: [] as Row[], heldOut: [] as Row[] };
  for (const [i, group] of groups.entries())
    (group % every === 0 ? parts.heldOut : parts.train).push(rows[i]);
  if (parts.train.length > 0) return parts;
  const count = new Set(groups).size;
  const about = count === rows.length ? `${count} rows` : `${count} conversations (${rows.length} rows)`;
  throw new PlumbError(`holding out ${share} of ${about} leaves none to train on`, {
    hint: "Give rows of more conversations, or hold out 0.",
  });
}

/** The number of each row's conversation, in the order in which they first occur. */
export function groupsOf<Row>(rows: readonly Row[], conversation: (row: Row) => string): number[] {
  const numbers = new Map<string, number>();
  return rows.map((row) => {
    const key = conversation(row);
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  });
}
