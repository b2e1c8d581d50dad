import { PlumbError } from "../base/errors.js";
import type { Sequence } from "../model/batch.js";
import { boundedRuns } from "../model/bounded-runs.js";
import type { RewardModel } from "../model/reward-model.js";
import { sequenceScores } from "../model/score.js";

/**
 * Rewards of texts given as token ids, (raw - mean) / std. Of a text longer than the model was trained on, only the
 * last tokens are read, as in training.
 *
 * @throws PlumbError if a reward is not finite.
 */
export async function rewardScores(
  { runner, tokenizer, mean, std, maxLength }: RewardModel,
  texts: readonly (readonly number[])[],
  maxRows: number,
  onProgress?: (done: number) => void,
): Promise<number[]> {
  const sequences = texts.map((ids): Sequence => ({ ids: ids.slice(-maxLength), lossMask: [] }));
  let done = 0;
  const raw = await boundedRuns(sequences, 1, maxRows, async (part, rows) => {
    const scores = await sequenceScores(runner, part, { rows, padId: tokenizer.padId });
    onProgress?.((done += part.length));
    return scores;
  });
  const wrong = raw.findIndex((score) => !Number.isFinite(score));
  if (wrong >= 0)
    throw new PlumbError(`the reward model gave ${raw[wrong]}`, { hint: "Its weights are damaged." });
  return raw.map((score) => Number(((score - mean) / std).toPrecision(8)));
}
