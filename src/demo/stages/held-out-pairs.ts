import { join } from "node:path";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import type { JudgedPair } from "../preferences.js";
import { DEMO_POOLS } from "../rating/pools.js";
import { sampleHeldOutPairs } from "../sampled-pairs.js";
import type { SftModel } from "./fine-tuning.js";
import { samplerOf } from "./sampler.js";
import { pairsOf, savedPairs } from "./saved.js";

export function heldOutPairs(
  inputs: { sft: StageResult<SftModel> },
  settings: DemoConfig,
): Stage<JudgedPair[], StepEvent> {
  const { seed, split, raters, topics, temperature, hotTemperature, world, ppo } = settings;
  // Only the honest raters of the pool matter here.
  const { people } = DEMO_POOLS[raters];
  const config = {
    ...{ seed, split, people, topics, temperature, hotTemperature },
    ...{ heldOutPairs: settings.heldOutPairs, heldOutVotes: settings.heldOutVotes },
    world: { demonstrations: world.demonstrations },
    ppo: { maxNewTokens: ppo.maxNewTokens },
  };
  return {
    ...{ name: "held-out-pairs", code: import.meta.url, config, inputs },
    // biome-ignore lint/correctness/useYield: a few seconds while the raters work
    async *run() {
      const model = await inputs.sft.value();
      return await sampleHeldOutPairs(samplerOf(model), model.tokenizer, config);
    },
    save: (pairs, dir) => writeValue(join(dir, "pairs.json"), savedPairs(pairs)),
    load: async (dir) => pairsOf<JudgedPair>(await readValue(join(dir, "pairs.json"))),
  };
}
