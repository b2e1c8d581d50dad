import { join } from "node:path";
import type { NetworkRunner } from "../../model/runner.js";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { DemoConfig } from "../config.js";
import type { DemoEvent } from "../events.js";
import { type Optimised, optimise } from "../optimise.js";
import type { TrainedReward } from "../training.js";
import type { SftModel } from "./fine-tuning.js";
import { loadRunner, saveNetwork } from "./saved.js";

/** PPO from the policy of `start`, or without one from the SFT model. */
export function optimisation(
  runtime: Runtime,
  inputs: {
    sft: StageResult<SftModel>;
    reward: StageResult<TrainedReward>;
    start?: StageResult<NetworkRunner>;
  },
  { seed, ppo, ppoTopics, temperature, evaluateEvery, split, samplesPerPrompt }: DemoConfig,
): Stage<Optimised, DemoEvent> {
  const config = { seed, ppo, ppoTopics, temperature, evaluateEvery };
  const measuring = { split, samplesPerPrompt };
  return {
    ...{ name: "ppo", code: import.meta.url, inputs },
    config: { ...config, ...(evaluateEvery > 0 && measuring) },
    async *run(work) {
      const { tokenizer, reference } = await inputs.sft.value();
      const start = (await inputs.start?.value()) ?? reference;
      const settings = { ...config, ...measuring };
      const rewarded = await inputs.reward.value();
      return yield* optimise(runtime, { reference, start }, tokenizer, rewarded, settings, work);
    },
    async save({ policy, alarms, kl }, dir) {
      await saveNetwork(dir, policy.network);
      await writeValue(join(dir, "figures.json"), { alarms, kl });
    },
    async load(dir) {
      const figures = await readValue<Pick<Optimised, "alarms" | "kl">>(join(dir, "figures.json"));
      return { policy: await loadRunner(runtime, dir), ...figures };
    },
  };
}
