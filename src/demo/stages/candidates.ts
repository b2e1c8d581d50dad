import { join } from "node:path";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { CandidatePair } from "../candidates.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import { sampleCandidates } from "../sampled-pairs.js";
import type { SftModel } from "./fine-tuning.js";
import { samplerOf } from "./sampler.js";
import { pairsOf, type SavedPair, savedPairs } from "./saved.js";

/** @param sampled is called with each batch of pairs as soon as it is sampled. */
export function candidates(
  inputs: { sft: StageResult<SftModel> },
  { seed, pairs, pairSources, topics, temperature, hotTemperature, world, ppo }: DemoConfig,
  sampled: (batch: CandidatePair[]) => void,
): Stage<CandidatePair[][], StepEvent> {
  const config = {
    ...{ seed, pairs, pairSources, topics, temperature, hotTemperature },
    world: { demonstrations: world.demonstrations },
    ppo: { maxNewTokens: ppo.maxNewTokens },
  };
  return {
    ...{ name: "candidates", code: import.meta.url, config, inputs },
    // biome-ignore lint/correctness/useYield: the raters' stage reports the progress of both
    async *run() {
      const model = await inputs.sft.value();
      const batches: CandidatePair[][] = [];
      for await (const batch of sampleCandidates(samplerOf(model), model.tokenizer, config)) {
        sampled(batch);
        batches.push(batch);
      }
      return batches;
    },
    save: (batches, dir) => writeValue(join(dir, "pairs.json"), batches.map(savedPairs)),
    load: async (dir) =>
      (await readValue<SavedPair<CandidatePair>[][]>(join(dir, "pairs.json"))).map(pairsOf<CandidatePair>),
  };
}
