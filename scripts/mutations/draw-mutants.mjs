/** A random sample of mutants, stratified by folder. */
import { RandomStream } from "../../dist/base/random.js";

/**
 * Draws mutants without replacement, of each folder as many as its share of all mutants (largest remainders), at least
 * one. Those of a larger sample with the same seed include those of a smaller one, but for a folder's rounding.
 *
 * @param byFolder the mutants of each folder, in an order that does not change. @param n a whole number from 1 up.
 * @param seed integer in [0, 2^32). @returns the drawn mutants of each folder, at most all.
 */
export function drawMutants(byFolder, n, seed) {
  const folders = Object.keys(byFolder);
  const total = folders.reduce((sum, folder) => sum + byFolder[folder].length, 0);
  const exact = folders.map((folder) => (Math.min(n, total) * byFolder[folder].length) / total);
  const size = exact.map((share) => Math.max(1, Math.floor(share)));
  const byRemainder = folders.map((_, i) => i).sort((a, b) => exact[b] - size[b] - (exact[a] - size[a]));
  for (let i = 0, left = Math.min(n, total) - size.reduce((a, b) => a + b, 0); i < left; i++) size[byRemainder[i]]++;
  return Object.fromEntries(
    folders.map((folder, i) => {
      const random = new RandomStream(seed, `mutation-sample/${folder}`);
      return [folder, random.shuffled(byFolder[folder]).slice(0, size[i])];
    }),
  );
}
