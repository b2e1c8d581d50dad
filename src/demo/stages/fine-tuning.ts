import { frozenNetwork } from "../../model/create.js";
import { NetworkRunner } from "../../model/runner.js";
import type { Stage, StageResult } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Tokenizer } from "../../text/index.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import { fineTune, type LanguageModel } from "../training.js";
import { loadWeights, openTokenizer, saveNetwork, saveTokenizer } from "./saved.js";

/** The SFT model, which the later stages sample, measure and start from. */
export interface SftModel {
  tokenizer: Tokenizer;
  reference: NetworkRunner;
}

export function fineTuning(
  runtime: Runtime,
  inputs: { pretrain: StageResult<LanguageModel> },
  { seed, demonstrations, world, sft }: DemoConfig,
): Stage<SftModel, StepEvent> {
  const config = { seed, demonstrations, world: { demonstrations: world.demonstrations }, sft };
  return {
    ...{ name: "sft", code: import.meta.url, config, inputs },
    async *run(work) {
      const base = await inputs.pretrain.value();
      return { tokenizer: base.tokenizer, reference: yield* fineTune(runtime, base, config, work) };
    },
    async save({ tokenizer, reference }, dir) {
      await saveTokenizer(dir, tokenizer);
      await saveNetwork(dir, reference.network);
    },
    async load(dir) {
      const { config: own, weights } = await loadWeights(runtime, dir);
      const reference = new NetworkRunner(runtime, frozenNetwork(runtime, own, weights));
      return { tokenizer: await openTokenizer(dir), reference };
    },
  };
}
