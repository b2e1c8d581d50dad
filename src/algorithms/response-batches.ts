/** Sampled responses on their way through a network: in micro-batches, the longest first. */
import { mapConcurrent } from "../base/concurrent.js";
import { type Batch, chunks, type Sequence } from "../model/batch.js";
import { layOut, type Packing } from "../model/lay-out.js";
import { perToken, type Value } from "../model/values.js";

/** Responses that are computed at once, as they are laid out. */
interface MicroBatch<R> {
  responses: readonly R[];
  batch: Batch;
  /** [M], from a list of numbers for the tokens of each response. */
  column(pick: (response: R) => ArrayLike<number>): Value;
}

/** How responses are cut into micro-batches. */
interface MicroBatching {
  microBatchSize: number;
  packing: Packing;
  padId: number;
  /** Tokens over which the network looks back; undefined if it sees all. */
  window: number | undefined;
  /** Micro-batches that are computed at once. */
  parallel: number;
}

/**
 * Computes something of each micro-batch. For a sum over these to be the whole batch's, each must be divided by the whole
 * batch's count.
 *
 * @returns the results, those of the longest responses first.
 */
export function overResponses<R extends { sequence: Sequence }, Out>(
  responses: readonly R[],
  { microBatchSize, packing, padId, window, parallel }: MicroBatching,
  compute: (part: MicroBatch<R>) => Promise<Out>,
): Promise<Out[]> {
  const longestFirst = [...responses].sort((a, b) => b.sequence.ids.length - a.sequence.ids.length);
  return mapConcurrent(parallel, chunks(longestFirst, microBatchSize), (part) => {
    const sequences = part.map(({ sequence }) => sequence);
    const batch = layOut(sequences, { padId, rows: microBatchSize, packing, window });
    return compute({ responses: part, batch, column: (pick) => perToken(batch, part.map(pick)) });
  });
}
