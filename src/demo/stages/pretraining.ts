import { fullNetwork } from "../../model/create.js";
import type { Stage } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { DemoConfig } from "../config.js";
import type { StepEvent } from "../phases.js";
import { type LanguageModel, pretrain } from "../training.js";
import { loadWeights, openTokenizer, saveNetwork, saveTokenizer } from "./saved.js";

export function pretraining(
  runtime: Runtime,
  { seed, corpusTokens, demonstrations, world, model, pretrain: settings }: DemoConfig,
): Stage<LanguageModel, StepEvent> {
  const config = { seed, corpusTokens, demonstrations, world, model, pretrain: settings };
  return {
    ...{ name: "pretrain", code: import.meta.url, config, inputs: {} },
    run: (work) => pretrain(runtime, config, work),
    async save({ tokenizer, network }, dir) {
      await saveTokenizer(dir, tokenizer);
      await saveNetwork(dir, network);
    },
    async load(dir) {
      const { config: own, weights } = await loadWeights(runtime, dir);
      return { tokenizer: await openTokenizer(dir), network: fullNetwork(runtime, own, weights) };
    },
  };
}
