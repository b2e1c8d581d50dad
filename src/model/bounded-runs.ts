import { paddedLength, type Sequence } from "./batch.js";

/** Most bytes of one array of logits in a run; a run holds about three of them. */
const LOGITS_BYTES = 256 * 2 ** 20;
/** Most tokens in a run, whatever the vocabulary: limits the layers' activations. */
const MAX_TOKENS = 4096;

/** Most rows in a run whose rows have this many tokens. */
function rowsWithin(tokens: number, vocabSize: number, maxRows: number): number {
  const most = Math.min(MAX_TOKENS, LOGITS_BYTES / (4 * vocabSize));
  return Math.max(1, Math.min(maxRows, Math.floor(most / paddedLength(tokens))));
}

/**
 * Evaluates sequences in runs of similar length and bounded memory; results are in the order of the input.
 *
 * @param vocabSize 1 if the run computes no logits. @param run receives sequences and the number of rows for their
 * batch.
 */
export async function boundedRuns<S extends Sequence, R>(
  sequences: readonly S[],
  vocabSize: number,
  maxRows: number,
  run: (part: S[], rows: number) => Promise<R[]>,
): Promise<R[]> {
  const order = sequences
    .map((_, i) => i)
    .sort((a, b) => length(sequences[b]) - length(sequences[a]) || a - b);
  const results = new Array<R>(sequences.length);
  for (let start = 0; start < order.length; ) {
    const most = rowsWithin(length(sequences[order[start]]), vocabSize, maxRows);
    const indices = order.slice(start, start + most);
    // The number of rows of an incomplete last part is rounded up to a power of two, so that few programs serve all.
    const rows = Math.min(most, 2 ** Math.ceil(Math.log2(indices.length)));
    const part = await run(
      indices.map((i) => sequences[i]),
      rows,
    );
    indices.forEach((index, i) => {
      results[index] = part[i];
    });
    start += most;
  }
  return results;
}

const length = (sequence: Sequence): number => sequence.ids.length;
