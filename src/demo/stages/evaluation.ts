import { join } from "node:path";
import type { NetworkRunner } from "../../model/runner.js";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { DemoConfig } from "../config.js";
import { type Before, type Evaluation, evaluatePolicies } from "../evaluation.js";
import type { DemoEvent } from "../events.js";
import { HeldOut } from "../held-out.js";
import type { Method } from "../methods.js";
import type { Optimised } from "../optimise.js";
import type { TrainedReward } from "../training.js";
import type { SftModel } from "./fine-tuning.js";

/** Evaluation of every policy on the held-out prompts. */
export function evaluation(
  runtime: Runtime,
  inputs: {
    sft: StageResult<SftModel>;
    baseline: StageResult<Before>;
    reward: StageResult<TrainedReward>;
    rejection: StageResult<NetworkRunner>;
    ppo: StageResult<Optimised>;
  },
  methods: readonly { name: Method; stage: StageResult<NetworkRunner> }[],
  { seed, split, samplesPerPrompt, temperature, temperatures, bestOf, ppo }: DemoConfig,
): Stage<Evaluation, DemoEvent> {
  const { maxNewTokens, microBatchSize, packing } = ppo;
  const config = {
    ...{ seed, split, samplesPerPrompt, temperature, temperatures, bestOf },
    ppo: { maxNewTokens, microBatchSize, packing },
  };
  return {
    ...{ name: "evaluation", code: import.meta.url, config },
    inputs: { ...inputs, ...Object.fromEntries(methods.map(({ name, stage }) => [name, stage])) },
    async *run() {
      const { tokenizer, reference } = await inputs.sft.value();
      const heldOut = new HeldOut(runtime, tokenizer, reference, config);
      const runners = {
        rejection: await inputs.rejection.value(),
        policy: (await inputs.ppo.value()).policy,
        rewardModel: (await inputs.reward.value()).scorer,
        further: await Promise.all(
          methods.map(async ({ name, stage }) => ({ name, policy: await stage.value() })),
        ),
      };
      return yield* evaluatePolicies(heldOut, tokenizer, await inputs.baseline.value(), runners, config);
    },
    save: (figures, dir) => writeValue(join(dir, "evaluation.json"), figures),
    load: (dir) => readValue<Evaluation>(join(dir, "evaluation.json")),
  };
}
