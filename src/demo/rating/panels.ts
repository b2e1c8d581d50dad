import type { RandomStream } from "../../base/random.js";

/**
 * Panels of raters who judge the same items: disjoint, of `size` members each, drawn again for every batch of items so
 * that over time every rater meets all others. Raters who are left over sit out the batch.
 *
 * @param raters how many there are, at least `size`. @returns numbers of raters, from 0, by panel.
 */
export function drawPanels(raters: number, size: number, random: RandomStream): number[][] {
  const order = random.shuffled(Array.from({ length: raters }, (_, rater) => rater));
  return Array.from({ length: Math.floor(raters / size) }, (_, p) => order.slice(p * size, (p + 1) * size));
}
