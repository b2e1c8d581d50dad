import { PlumbError } from "../base/errors.js";
import { RandomStream } from "../base/random.js";

/**
 * Indices of the examples of a step. Each epoch is a new permutation, determined by the seed and the epoch; the last,
 * incomplete batch of an epoch is filled from the next one.
 */
export function batchIndices(
  count: number,
  batchSize: number,
  step: number,
  seed: number,
  name: string,
): number[] {
  if (count === 0) throw new PlumbError(`${name}: there are no examples to train on`);
  const indices: number[] = [];
  let epoch = -1;
  let order: number[] = [];
  for (let position = step * batchSize; position < (step + 1) * batchSize; position++) {
    const wanted = Math.floor(position / count);
    if (wanted !== epoch) {
      epoch = wanted;
      order = new RandomStream(seed, `${name}/order`, epoch).shuffled(
        Array.from({ length: count }, (_, i) => i),
      );
    }
    indices.push(order[position % count]);
  }
  return indices;
}

/** The examples of a step, longest first, so that the texts of a micro-batch are about equally long. */
export const longestFirst = <T>(
  examples: readonly T[],
  { batchSize, seed }: { batchSize: number; seed: number },
  step: number,
  name: string,
  length: (example: T) => number,
): T[] =>
  batchIndices(examples.length, batchSize, step, seed, name)
    .map((i) => examples[i])
    .sort((a, b) => length(b) - length(a));

/** a / b. @throws PlumbError, which names `what`, if it is not a whole number. */
export function exactDivision(a: number, b: number, what: string): number {
  if (a % b !== 0)
    throw new PlumbError(`${what}: ${a} is not a multiple of ${b}`, { hint: "Change one of the two." });
  return a / b;
}

/** Indices into the batch for one update: each epoch shuffles the batch again and cuts it into mini-batches. */
export function minibatch(
  config: { batchSize: number; miniBatches: number; epochs: number; seed: number },
  iteration: number,
  update: number,
  name: string,
): number[] {
  const { batchSize, miniBatches, epochs, seed } = config;
  const size = batchSize / miniBatches;
  const epoch = Math.floor(update / miniBatches);
  const order = batchIndices(batchSize, batchSize, iteration * epochs + epoch, seed, name);
  const start = (update % miniBatches) * size;
  return order.slice(start, start + size);
}
