/** ORPO on preferences, from files or a project: fine-tuning and preferences in one run, without a reference. */
import { type AnswerPair, longerSide } from "../../algorithms/answers.js";
import { pairLogProbs } from "../../algorithms/dpo.js";
import { meanLogProbs, type OrpoConfig, orpo, orpoSchema, orpoSteps } from "../../algorithms/orpo.js";
import { loadPreferences, preferencesOf } from "../../data/index.js";
import { NetworkTrainer } from "../../model/runner.js";
import { warmupSteps } from "../../optim/index.js";
import { savePolicy, trainableNetwork } from "../base.js";
import { driftOf, pairFigures, reportDrift, reportPairs } from "../direct-run.js";
import { aspectSetting, directRunSettings, encodePairs, unreadOfPairs } from "../direct-settings.js";
import { counted, foreseenSteps, heaviest, type ModelShape, partsOf } from "../dry-run.js";
import { defineMethod } from "../method.js";
import { loadJudged } from "../rows.js";
import { judgedDataSettings, memorySettings, modelSettings, runSettings } from "../settings.js";

const schema = orpoSchema.extend({
  ...modelSettings,
  ...judgedDataSettings,
  aspect: aspectSetting,
  ...memorySettings,
  ...directRunSettings,
  ...runSettings,
});

export const orpoMethod = defineMethod({
  name: "orpo",
  description:
    "Trains a model on preferences in one run, from a base model that was not fine-tuned: the chosen answers' loss and their " +
    "odds against the rejected ones. There is no reference and no reward model.",
  examples: [
    { command: "plumb orpo --model m.gguf --data pairs.jsonl --set lora.r=16", does: "train a LoRA adapter" },
    {
      command: "plumb orpo --model folder --data pairs.jsonl --learning-rate 8e-6 --epochs 3",
      does: "train all weights",
    },
    { command: "plumb orpo recipes/orpo.yaml", does: "with the settings of a recipe" },
  ],
  schema,
  read: (config, warn) => loadJudged(config, "preferences", loadPreferences, preferencesOf, warn),

  encode(rows, reader, config) {
    const data = encodePairs(rows, reader, config);
    const unread = unreadOfPairs(rows, "ORPO", ["noise", "margin"]);
    return { ...data, warnings: [...(data.warnings ?? []), ...unread] };
  },

  heaviest: (model, { train }, config) =>
    dryRun(model, heaviest(train, longerSide, config), { ...config, batchSize: partsOf(config) }, 1),

  foresee: (model, { train }, config) =>
    foreseenSteps(orpoSteps(train.length, config), (some) => dryRun(model, train, config, some)),

  async run(job) {
    const { runtime, base, data, config, session } = job;
    const { train, heldOut, prompts } = data;
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const policy = new NetworkTrainer(runtime, network, config);
    const trainers = { policy };
    await session.restore(trainers);
    const setup = { policy, pairs: train, padId: base.padId };
    const steps = orpoSteps(train.length, config);
    const finished = await session.train(orpo(setup, config, session.step), {
      trainers,
      steps,
      warmup: warmupSteps(steps, config),
      unit: "steps",
      figures: (metrics) => ({ loss: metrics.loss, accuracy: metrics["rewards/accuracies"] }),
    });
    if (!finished) return undefined;

    const own = await pairLogProbs(policy, heldOut, base.padId, config, session.checkInterrupt);
    const conversations = heldOut.map(({ conversation }) => conversation);
    const figures = heldOut.length > 0 ? pairFigures(own.map(meanLogProbs), conversations) : undefined;
    const drift = await driftOf(job, policy, prompts);
    await savePolicy(session.out, base, network);
    return {
      steps: session.step,
      trainPairs: train.length,
      heldOutPairs: heldOut.length,
      ...figures,
      ...(drift && { drift }),
    };
  },

  report: ({ accuracy, margin, heldOutPairs, drift }) => [
    ...reportPairs({ accuracy, margin }, heldOutPairs, "in nats a token"),
    ...reportDrift(drift),
  ],
});

/** Counts some steps without computing them. */
const dryRun = (model: ModelShape, pairs: readonly AnswerPair[], config: OrpoConfig, steps: number) =>
  counted(model, config, "none", steps, (policy) => orpo({ policy, pairs, padId: model.padId }, config));
