import type { Batch, Sequence } from "./batch.js";
import { layOutInRuns, type Packing } from "./lay-out.js";
import type { NetworkRunner } from "./runner.js";
import { batchFeeds, lastInputs, lastScores, readInputs, readValues } from "./sequence-programs.js";
import { tokenReadings } from "./token-readings.js";

/** How sequences are put into batches for evaluation. */
export interface Batching {
  /** Rows a run; packed rows have no more positions than these would. */
  rows: number;
  padId: number;
  /** Default: auto. */
  packing?: Packing;
  /** Called after each run with the number of sequences done. */
  onProgress?: (done: number) => void;
}

/** Runs batch after batch and gives each sequence's result back in the order of the input. */
async function overBatches<R>(
  { network }: NetworkRunner,
  sequences: readonly Sequence[],
  { rows, padId, packing = "auto", onProgress }: Batching,
  run: (batch: Batch) => Promise<(sequence: number) => R>,
): Promise<R[]> {
  const results = new Array<R>(sequences.length);
  const window = network.config.slidingWindow;
  let done = 0;
  for (const { indices, batch } of layOutInRuns(sequences, { rows, padId, packing, window })) {
    const result = await run(batch);
    for (const [i, index] of indices.entries()) results[index] = result(i);
    onProgress?.((done += indices.length));
  }
  return results;
}

/** The part of a list over tokens read, [M], that belongs to one sequence. */
const ofSequence = (batch: Batch, values: Float32Array, i: number): Float32Array =>
  values.slice(batch.starts[i], batch.starts[i + 1]);

/** Natural log-probabilities of each sequence's read tokens at a sampling temperature. */
export function sequenceLogProbs(
  runner: NetworkRunner,
  sequences: readonly Sequence[],
  batching: Batching,
  temperature = 1,
): Promise<Float32Array[]> {
  const { config } = runner.network;
  return overBatches(runner, sequences, batching, async (batch) => {
    const { logProbs } = await runner.forward(
      `log-probs at ${temperature}`,
      readInputs(batch),
      (p, x) => tokenReadings(p, config, x, { temperature, differentiable: false }),
      batchFeeds(batch),
    );
    return (i) => ofSequence(batch, logProbs as Float32Array, i);
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
  return overBatches(runner, sequences, batching, async (batch) => {
    const out = await runner.forward(
      `log-probs and entropies at ${temperature}`,
      readInputs(batch),
      (p, x) => tokenReadings(p, config, x, { temperature, differentiable: false, also: ["entropies"] }),
      batchFeeds(batch),
    );
    return (i) => ({
      logProbs: ofSequence(batch, out.logProbs as Float32Array, i),
      entropies: ofSequence(batch, out.entropies as Float32Array, i),
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
  return overBatches(runner, sequences, batching, async (batch) => {
    const { values } = await runner.forward(
      "values",
      readInputs(batch),
      (p, x) => ({ values: readValues(p, config, x) }),
      batchFeeds(batch),
    );
    return (i) => ofSequence(batch, values as Float32Array, i);
  });
}

/** The scalar head at each sequence's last token. */
export function sequenceScores(
  runner: NetworkRunner,
  sequences: readonly Sequence[],
  batching: Batching,
): Promise<number[]> {
  const { config } = runner.network;
  return overBatches(runner, sequences, batching, async (batch) => {
    const { scores } = await runner.forward(
      "scores",
      lastInputs(batch),
      (p, x) => ({ scores: lastScores(p, config, x) }),
      batchFeeds(batch),
    );
    return (i) => scores[i] as number;
  });
}
