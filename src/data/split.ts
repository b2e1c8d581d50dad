import { PlumbError } from "../base/errors.js";
import { clustersOf } from "../statistics/clusters.js";

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
  const conversations = clustersOf(rows, rows.map(conversation));
  const kept = new Set(conversations.filter((_, i) => i % every === 0).flat());
  const train = rows.filter((row) => !kept.has(row));
  if (train.length > 0) return { train, heldOut: rows.filter((row) => kept.has(row)) };
  const count = conversations.length;
  const about = count === rows.length ? `${count} rows` : `${count} conversations (${rows.length} rows)`;
  throw new PlumbError(`holding out ${share} of ${about} leaves none to train on`, {
    hint: "Give rows of more conversations, or hold out 0.",
  });
}
