/** Groups of responses: several to each prompt of an iteration, with their rewards. */
import { chunks } from "../model/batch.js";
import { batchIndices, exactDivision } from "./order.js";
import { type Actors, type PromptTokens, type Rollout, type RolloutConfig, rollout } from "./rollout.js";

/**
 * G responses to each of an iteration's prompts; those to one prompt form a group. The prompts are drawn in an order of
 * the seed.
 *
 * @param batch number of the batch, from 0: its prompts and its random draws follow from it.
 * @param name of the stream of random numbers that orders the prompts.
 */
export async function sampleGroups(
  setup: Actors & { prompts: readonly PromptTokens[] },
  config: RolloutConfig & { batchSize: number; groupSize: number },
  batch: number,
  name: string,
): Promise<Rollout[][]> {
  const { batchSize, groupSize, seed } = config;
  const { prompts } = setup;
  const indices = batchIndices(prompts.length, batchSize / groupSize, batch, seed, name);
  const asked = indices.flatMap((i) => new Array<PromptTokens>(groupSize).fill(prompts[i]));
  return chunks(await rollout(setup, asked, config, batch * batchSize), groupSize);
}

/** Whether the rewards of a group that are known are all equal: a comparison then teaches nothing. */
export function isSilent(rewards: readonly (number | null)[]): boolean {
  const known = rewards.filter((reward) => reward !== null);
  return known.length === 0 || Math.max(...known) - Math.min(...known) < 1e-8;
}

/** Prompts of an iteration whose mini-batches are of prompts. @throws PlumbError if groups or mini-batches do not divide it. */
export function promptsPerIteration({
  batchSize,
  groupSize,
  miniBatches,
}: Record<"batchSize" | "groupSize" | "miniBatches", number>): number {
  const prompts = exactDivision(batchSize, groupSize, "batchSize / groupSize");
  exactDivision(
    prompts,
    miniBatches,
    `prompts of an iteration (batchSize ${batchSize} / groupSize ${groupSize}) / miniBatches`,
  );
  return prompts;
}

/** The place of the highest reward, of equal ones the first; undefined if none is known. */
export function bestOf(rewards: readonly (number | null)[]): number | undefined {
  const known = rewards.filter((reward) => reward !== null);
  return known.length === 0 ? undefined : rewards.indexOf(Math.max(...known));
}
