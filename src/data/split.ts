import { PlumbError } from "../base/errors.js";

/**
 * Splits rows into a training and a held-out part, deterministically: with k = round(1 / share), the rows at indices 0,
 * k, 2k, ... are held out. The same file and share always give the same split, in any program that counts rows.
 *
 * @param share of the rows to hold out, in [0, 0.5]; 0 holds out none.
 * @throws PlumbError if the share is out of range, or no row is left for training.
 */
export function holdOut<Row>(rows: readonly Row[], share: number): { train: Row[]; heldOut: Row[] } {
  if (!(share >= 0 && share <= 0.5))
    throw new PlumbError(`the held-out share is ${share}; expected 0 to 0.5`);
  if (share === 0) return { train: [...rows], heldOut: [] };
  const every = Math.round(1 / share);
  const train = rows.filter((_, i) => i % every !== 0);
  if (train.length === 0) {
    throw new PlumbError(`holding out ${share} of ${rows.length} rows leaves none to train on`, {
      hint: "Give more rows, or hold out 0.",
    });
  }
  return { train, heldOut: rows.filter((_, i) => i % every === 0) };
}
