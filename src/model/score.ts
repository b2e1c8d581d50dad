import { type Batch, byLength, collate, type Sequence } from "./batch.js";
import type { NetworkRunner } from "./runner.js";
import { batchFeeds, lastInputs, lastScores, readInputs, readValues } from "./sequence-programs.js";
import { tokenReadings } from "./token-readings.js";

/** How sequences are put into batches for evaluation. */
export interface Batching {
  /** Rows a run. */
  rows: number;
  padId: number;
  /** Called after each run with the number of sequences done. */
  onProgress?: (done: number) => void;
}

/** Runs batches of similar length and gives each sequence's result back in the order of the input. */
async function overBatches<R>(
  sequences: readonly Sequence[],
  { rows, padId, onProgress }: Batching,
  run: (batch: Batch) => Promise<(row: number) => R>,
): Promise<R[]> {
  const results = new Array<R>(sequences.length);
  const lengths = sequences.map((s) => s.ids.length);
  let done = 0;
  for (const indices of byLength(lengths, rows)) {
    const batch = collate(
      indices.map((i) => sequences[i]),
      padId,
      rows,
    );
    const result = await run(batch);
    for (const [row, index] of indices.entries()) results[index] = result(row);
    onProgress?.((done += indices.length));
  }
  return results;
}

/** The part of a list over tokens read, [M], that belongs to one row. */
const ofRow = (batch: Batch, values: Float32Array, row: number): Float32Array =>
  values.slice(batch.starts[row], batch.starts[row + 1]);

/** Natural log-probabilities of each sequence's read tokens at a sampling temperature. */
export function sequenceLogProbs(
  runner: NetworkRunner,
  sequences: readonly Sequence[],
  batching: Batching,
  temperature = 1,
): Promise<Float32Array[]> {
  const { config } = runner.network;
  return overBatches(sequences, batching, async (batch) => {
    const { logProbs } = await runner.forward(
      `log-probs at ${temperature}`,
      readInputs(batch),
      (p, x) => tokenReadings(p, config, x, { temperature, differentiable: false }),
      batchFeeds(batch),
    );
    return (row) => ofRow(batch, logProbs as Float32Array, row);
  });
}

/** As `sequenceLogProbs`, and the entropy of the distribution each token was drawn from, in nats. */
export function sequenceLogProbsAndEntropies(
  runner: NetworkRunner,
  sequences: readonly Sequence[],
  batching: Batching,
  temperature = 1,
): Promise<{ logProbs: Float32Array; entropies: Float32Array }[]> {
  const { config } = runner.network;
  return overBatches(sequences, batching, async (batch) => {
    const out = await runner.forward(
      `log-probs and entropies at ${temperature}`,
      readInputs(batch),
      (p, x) => tokenReadings(p, config, x, { temperature, differentiable: false, also: ["entropies"] }),
      batchFeeds(batch),
    );
    return (row) => ({
      logProbs: ofRow(batch, out.logProbs as Float32Array, row),
      entropies: ofRow(batch, out.entropies as Float32Array, row),
    });
  });
}

/** Values of the states before each read token. */
export function sequenceValues(
  runner: NetworkRunner,
  sequences: readonly Sequence[],
  batching: Batching,
): Promise<Float32Array[]> {
  const { config } = runner.network;
  return overBatches(sequences, batching, async (batch) => {
    const { values } = await runner.forward(
      "values",
      readInputs(batch),
      (p, x) => ({ values: readValues(p, config, x) }),
      batchFeeds(batch),
    );
    return (row) => ofRow(batch, values as Float32Array, row);
  });
}

/** The scalar head at each sequence's last token. */
export function sequenceScores(
  runner: NetworkRunner,
  sequences: readonly Sequence[],
  batching: Batching,
): Promise<number[]> {
  const { config } = runner.network;
  return overBatches(sequences, batching, async (batch) => {
    const { scores } = await runner.forward(
      "scores",
      lastInputs(batch),
      (p, x) => ({ scores: lastScores(p, config, x) }),
      batchFeeds(batch),
    );
    return (row) => scores[row] as number;
  });
}
