import { PlumbError } from "../base/errors.js";
import { RandomStream } from "../base/random.js";

/**
 * Which examples a step sees: each epoch is a new permutation, named by the seed and the epoch; the last, incomplete
 * batch of an epoch is filled from the next one.
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

/** a / b, which must come out even: batch arithmetic fails loudly. */
export function exactDivision(a: number, b: number, what: string): number {
  if (a % b !== 0)
    throw new PlumbError(`${what}: ${a} is not a multiple of ${b}`, { hint: "change one of the two" });
  return a / b;
}

/** Rows of an update: each epoch shuffles the batch anew and cuts it into mini-batches. */
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
