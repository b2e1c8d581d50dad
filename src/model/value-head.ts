import { readFloats } from "../runtime/read.js";
import { type Batch, byLength, collate, type Sequence } from "./batch.js";
import type { Model } from "./learner.js";
import type { NetworkRunner } from "./runner.js";
import type { Batching } from "./score.js";
import { readHidden } from "./sequence-programs.js";
import { type TokensRead, type Traced, tokensRead } from "./values.js";

/**
 * Converts the head of a reward model to the initial head of a value model. Rewards are shifted and scaled, and the
 * head has no bias: unchanged, its values would be off by a constant of many standard deviations, which the first
 * updates would take for a judgement of the last tokens. With h the mean hidden state at the positions read,
 *
 *   w <- scale (w - (w.h / h.h) h) + (mean / h.h) h,
 *
 * so that values at these positions have the given mean, and differ as the scaled rewards do.
 *
 * @param scale weight / standard deviation of the reward. @param mean of the expected rewards.
 */
export async function calibrateValueHead(
  runner: NetworkRunner,
  sequences: readonly Sequence[],
  batching: Batching,
  { scale, mean }: { scale: number; mean: number },
): Promise<void> {
  const head = runner.network.trainable.byName.get("score.weight");
  if (!head) throw new Error("a value model without a trainable head");
  const h = await meanHidden(runner, sequences, batching);
  const w = await readFloats(head);
  const along = dot(w, h) / dot(h, h);
  const wanted = mean / dot(h, h);
  await head.write(w.map((value, i) => scale * (value - along * h[i]) + wanted * h[i]));
}

const hiddenOfRead = (model: Model, x: Traced<TokensRead>) => ({ hidden: readHidden(model, x) });

/** The mean hidden state at the positions that predict the tokens read: [D]. */
async function meanHidden(
  runner: NetworkRunner,
  sequences: readonly Sequence[],
  { rows, padId }: Batching,
): Promise<Float64Array> {
  const total = new Float64Array(runner.config.hiddenSize);
  let count = 0;
  const lengths = sequences.map(({ ids }) => ids.length);
  for (const indices of byLength(lengths, rows)) {
    const batch: Batch = collate(
      indices.map((i) => sequences[i]),
      padId,
      rows,
    );
    const values = (await runner.evaluate(hiddenOfRead, tokensRead(batch), {})).hidden as Float32Array;
    for (let i = 0; i < batch.count * total.length; i++) total[i % total.length] += values[i];
    count += batch.count;
  }
  return total.map((value) => value / count);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};
