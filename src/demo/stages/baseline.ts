import { join } from "node:path";
import { readValue, type Stage, type StageResult, writeValue } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { DemoConfig } from "../config.js";
import { type Before, evaluateBefore } from "../evaluation.js";
import { HeldOut, type Measured } from "../held-out.js";
import type { StepEvent } from "../phases.js";
import type { SftModel } from "./fine-tuning.js";
import { samplesOf, savedSamples } from "./saved.js";

const savedMeasured = ({ figures, samples }: Measured) => ({ figures, samples: savedSamples(samples) });
const measuredOf = ({ figures, samples }: ReturnType<typeof savedMeasured>): Measured => ({
  ...{ figures, samples: samplesOf(samples) },
});
const saved = ({ usual, best, many }: Before) => ({
  ...{ usual: savedMeasured(usual), best: savedMeasured(best), many: savedSamples(many) },
});

/** Evaluation of the SFT model. */
export function baseline(
  runtime: Runtime,
  inputs: { sft: StageResult<SftModel> },
  { seed, split, samplesPerPrompt, temperature, temperatures, bestOf, ppo }: DemoConfig,
): Stage<Before, StepEvent> {
  const { maxNewTokens, microBatchSize, packing } = ppo;
  const config = {
    ...{ seed, split, samplesPerPrompt, temperature, temperatures, bestOf },
    ppo: { maxNewTokens, microBatchSize, packing },
  };
  return {
    ...{ name: "baseline", code: import.meta.url, config, inputs },
    // biome-ignore lint/correctness/useYield: the raters' stage reports progress meanwhile
    async *run() {
      const { tokenizer, reference } = await inputs.sft.value();
      return await evaluateBefore(new HeldOut(runtime, tokenizer, reference, config), reference, config);
    },
    save: (before, dir) => writeValue(join(dir, "baseline.json"), saved(before)),
    async load(dir) {
      const { usual, best, many } = await readValue<ReturnType<typeof saved>>(join(dir, "baseline.json"));
      return { usual: measuredOf(usual), best: measuredOf(best), many: samplesOf(many) };
    },
  };
}
