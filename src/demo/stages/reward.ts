import { join } from "node:path";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { CandidatePair } from "../candidates.js";
import type { Collected } from "../collect.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import { type TrainedReward, trainRewardModel } from "../training.js";
import type { SftModel } from "./fine-tuning.js";
import { loadRunner, saveNetwork } from "./saved.js";

export function rewardModel(
  runtime: Runtime,
  inputs: {
    sft: StageResult<SftModel>;
    candidates: StageResult<CandidatePair[][]>;
    preferences: StageResult<Collected>;
  },
  { seed, reward }: DemoConfig,
): Stage<TrainedReward, StepEvent> {
  const config = { seed, reward };
  return {
    ...{ name: "reward", code: import.meta.url, config, inputs },
    async *run(work) {
      const { tokenizer, reference } = await inputs.sft.value();
      const pairs = (await inputs.candidates.value()).flat();
      const { preferences } = await inputs.preferences.value();
      return yield* trainRewardModel(runtime, reference, tokenizer, pairs, preferences, config, work);
    },
    async save({ scorer, scale }, dir) {
      await saveNetwork(dir, scorer.network);
      await writeValue(join(dir, "scale.json"), scale);
    },
    async load(dir) {
      const scale = await readValue<TrainedReward["scale"]>(join(dir, "scale.json"));
      return { scorer: await loadRunner(runtime, dir), scale };
    },
  };
}
