/** The stages of the demo, each with the results that it needs: the loop as a graph, before any stage runs. */
import { GrowingList, type Pipeline } from "../../pipeline/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { CandidatePair } from "../candidates.js";
import type { DemoConfig } from "../config.js";
import type { DemoEvent } from "../events.js";
import { baseline } from "./baseline.js";
import { candidates } from "./candidates.js";
import { evaluation } from "./evaluation.js";
import { fineTuning } from "./fine-tuning.js";
import { heldOutPairs } from "./held-out-pairs.js";
import { furtherMethod } from "./method.js";
import { optimisation } from "./optimisation.js";
import { preferences } from "./preferences.js";
import { pretraining } from "./pretraining.js";
import { rejectionSampling } from "./rejection.js";
import { rewardModel } from "./reward.js";
import { rewardCheck } from "./reward-check.js";

/** @param database SQLite file for the votes of the run. */
export function planDemo(
  runtime: Runtime,
  config: DemoConfig,
  database: string,
  pipeline: Pipeline<DemoEvent>,
) {
  const pretrain = pipeline.plan(pretraining(runtime, config));
  const sft = pipeline.plan(fineTuning(runtime, { pretrain }, config));
  /** The candidates as they are sampled; raters begin with the first. */
  const batches = new GrowingList<CandidatePair[]>();
  const sampled = pipeline.plan(candidates({ sft }, config, (batch) => batches.push(batch)));
  const collected = pipeline.plan(preferences({ candidates: sampled }, config, batches, database));
  const heldOut = pipeline.plan(heldOutPairs({ sft }, config));
  const before = pipeline.plan(baseline(runtime, { sft }, config));
  const reward = pipeline.plan(
    rewardModel(runtime, { sft, candidates: sampled, preferences: collected }, config),
  );
  const check = pipeline.plan(rewardCheck({ sft, reward, heldOutPairs: heldOut }, config));
  const rejection = pipeline.plan(rejectionSampling(runtime, { sft, candidates: sampled, reward }, config));
  const start = config.ppoFrom === "rejection" ? { start: rejection } : {};
  const ppo = pipeline.plan(optimisation(runtime, { sft, reward, ...start }, config));
  const judged = { sft, candidates: sampled, preferences: collected, reward, ...start };
  const methods = config.methods.map((name) => ({
    name,
    stage: pipeline.plan(furtherMethod(runtime, name, judged, config)),
  }));
  const evaluated = pipeline.plan(
    evaluation(runtime, { sft, baseline: before, reward, rejection, ppo }, methods, config),
  );
  return {
    pretrain,
    sft,
    batches,
    sampled,
    collected,
    heldOut,
    before,
    reward,
    check,
    rejection,
    ppo,
    methods,
    evaluated,
  };
}
