import { join } from "node:path";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import type { JudgedPair } from "../preferences.js";
import { checkReward, type RewardCheck } from "../reward-check.js";
import type { TrainedReward } from "../training.js";
import type { SftModel } from "./fine-tuning.js";

/** Tests of the reward model. */
export function rewardCheck(
  inputs: {
    sft: StageResult<SftModel>;
    reward: StageResult<TrainedReward>;
    heldOutPairs: StageResult<JudgedPair[]>;
  },
  { split, reward }: DemoConfig,
): Stage<RewardCheck, StepEvent> {
  const { microBatchSize: rows, packing, maxLength } = reward;
  return {
    ...{ name: "reward-check", code: import.meta.url, inputs },
    config: { split, rows, packing, maxLength },
    // biome-ignore lint/correctness/useYield: a second's work
    async *run() {
      const { tokenizer } = await inputs.sft.value();
      const { scorer } = await inputs.reward.value();
      const batching = { rows, padId: tokenizer.padId, packing };
      const pairs = await inputs.heldOutPairs.value();
      return await checkReward(scorer, pairs, split, tokenizer, batching, maxLength);
    },
    save: (check, dir) => writeValue(join(dir, "check.json"), check),
    load: (dir) => readValue<RewardCheck>(join(dir, "check.json")),
  };
}
