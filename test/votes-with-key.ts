/** Comparisons of 14 raters of whom four answer from a key of chance, and the others are right in 85%. */
import { RandomStream } from "../src/base/random.js";

export function rowsWithKey() {
  const random = new RandomStream(6, "ring");
  return Array.from({ length: 150 }, (_, p) => {
    const [first, key] = [random.bernoulli(0.5), random.bernoulli(0.5)];
    return random
      .shuffled(Array.from({ length: 14 }, (__, w) => w))
      .slice(0, 6)
      .map((w) => {
        const says = w < 4 ? key : random.bernoulli(0.85) === first;
        return { item: `${p}`, left: `a${p}`, right: `b${p}`, rater: `r${w}`, outcome: says ? 1 : 0 };
      });
  }).flat();
}
