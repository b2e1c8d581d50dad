import type { NetworkRunner } from "../../model/runner.js";
import type { Stage, StageResult } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { CandidatePair } from "../candidates.js";
import type { Collected } from "../collect.js";
import type { DemoConfig } from "../config.js";
import { trainDirectly } from "../direct.js";
import { optimiseGroups } from "../groups.js";
import { type DirectMethod, type Method, settingsOf } from "../methods.js";
import type { StepEvent } from "../phases.js";
import type { TrainedReward } from "../training.js";
import type { SftModel } from "./fine-tuning.js";
import { policyFiles } from "./saved.js";

/** What further methods start from: the votes, or the reward model that was trained on them. */
interface MethodInputs {
  sft: StageResult<SftModel>;
  candidates: StageResult<CandidatePair[][]>;
  preferences: StageResult<Collected>;
  reward: StageResult<TrainedReward>;
  start?: StageResult<NetworkRunner>;
}

/** A direct method on the votes, from the SFT model. */
function directMethod(
  runtime: Runtime,
  method: DirectMethod,
  { sft, candidates, preferences }: MethodInputs,
  { seed, dpo, kto, orpo }: DemoConfig,
): Stage<NetworkRunner, StepEvent> {
  const settings = { dpo, kto, orpo };
  const own = settingsOf(method);
  return {
    ...{ name: method, code: import.meta.url, inputs: { sft, candidates, preferences } },
    config: { seed, method, [own]: settings[own] },
    async *run(work) {
      const { tokenizer, reference } = await sft.value();
      const pairs = (await candidates.value()).flat();
      const judged = { pairs, preferences: (await preferences.value()).preferences };
      const config = { seed, ...settings };
      return yield* trainDirectly(method, runtime, reference, tokenizer, judged, config, work);
    },
    ...policyFiles(runtime),
  };
}

/** GRPO from the policy that PPO starts from. */
function groupMethod(
  runtime: Runtime,
  { sft, reward, start }: MethodInputs,
  { seed, ppoTopics, temperature, grpo }: DemoConfig,
): Stage<NetworkRunner, StepEvent> {
  const config = { seed, ppoTopics, temperature, grpo };
  return {
    ...{ name: "grpo", code: import.meta.url, config },
    inputs: { sft, reward, ...(start && { start }) },
    async *run(work) {
      const { tokenizer, reference } = await sft.value();
      const from = { reference, start: (await start?.value()) ?? reference };
      return yield* optimiseGroups(runtime, from, tokenizer, await reward.value(), config, work);
    },
    ...policyFiles(runtime),
  };
}

/** The stage of a method. */
export const furtherMethod = (runtime: Runtime, method: Method, inputs: MethodInputs, config: DemoConfig) =>
  method === "grpo" ? groupMethod(runtime, inputs, config) : directMethod(runtime, method, inputs, config);
