import type { NetworkRunner } from "../../model/runner.js";
import type { Stage, StageResult } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { CandidatePair } from "../candidates.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import { type TrainedReward, trainByRejection } from "../training.js";
import type { SftModel } from "./fine-tuning.js";
import { policyFiles } from "./saved.js";

/** The policy of rejection sampling. */
export function rejectionSampling(
  runtime: Runtime,
  inputs: {
    sft: StageResult<SftModel>;
    candidates: StageResult<CandidatePair[][]>;
    reward: StageResult<TrainedReward>;
  },
  { seed, rejection, reward: { microBatchSize, packing } }: DemoConfig,
): Stage<NetworkRunner, StepEvent> {
  const config = { seed, rejection, reward: { microBatchSize, packing } };
  return {
    ...{ name: "rejection", code: import.meta.url, config, inputs },
    async *run(work) {
      const { tokenizer, reference } = await inputs.sft.value();
      const pairs = (await inputs.candidates.value()).flat();
      const rewarded = await inputs.reward.value();
      return yield* trainByRejection(runtime, reference, tokenizer, pairs, rewarded, config, work);
    },
    ...policyFiles(runtime),
  };
}
