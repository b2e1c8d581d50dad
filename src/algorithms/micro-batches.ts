import { mapConcurrent } from "../base/concurrent.js";
import { chunks } from "../model/batch.js";
import { sumOf } from "./statistics.js";

/**
 * The gradients of a batch, one micro-batch at a time or `parallel` of them at once. Each divides by the count of the
 * whole batch, so that their losses and gradients add up to the batch's.
 *
 * @param differentiate adds a micro-batch's gradients to the learner's. @returns the batch's loss; the micro-batches, and
 * what `differentiate` gave of each, in their order.
 */
export async function overMicroBatches<T, Out extends { loss: ArrayLike<number | bigint> }>(
  batch: readonly T[],
  { microBatchSize, parallel }: { microBatchSize: number; parallel: number },
  differentiate: (part: T[]) => Promise<Out>,
): Promise<{ loss: number; parts: T[][]; outputs: Out[] }> {
  const parts = chunks(batch, microBatchSize);
  const outputs = await mapConcurrent(parallel, parts, differentiate);
  return { loss: sumOf(outputs.map((out) => Number(out.loss[0]))), parts, outputs };
}
