import { z } from "zod";
import {
  normalization,
  reward,
  rewardSchema,
  rewardSteps,
  scorePairs,
  type TokenPair,
} from "../../algorithms/reward.js";
import {
  conversationKey,
  encodePreference,
  encodePrompt,
  holdOut,
  loadPreferences,
  type PreferenceRow,
} from "../../data/index.js";
import { PlumbError } from "../../base/errors.js";
import { Generator, UNFILTERED } from "../../generate/index.js";
import { promptCompletion } from "../../model/batch.js";
import { frozenNetwork } from "../../model/create.js";
import { saveRewardModel } from "../../model/reward-model.js";
import { type NetworkRunner, NetworkTrainer } from "../../model/runner.js";
import { type Batching, sequenceScores } from "../../model/score.js";
import type { Runtime } from "../../runtime/runtime.js";
import { clustersOf } from "../../statistics/clusters.js";
import type { Interval } from "../../statistics/estimates.js";
import { pooledMeanInterval } from "../../statistics/means.js";
import { rateInterval } from "../../statistics/rates.js";
import { type CommandContext, defineCommand } from "../command.js";
import { chosenBase } from "../int8-base.js";
import { createRuntime } from "../open-network.js";
import { formatInterval } from "../../statistics/format-interval.js";
import { formatNumber } from "../../base/format.js";
import {
  adapterOverSource,
  checkOut,
  openBase,
  type TrainingBase,
  trainableNetwork,
} from "../training/base.js";
import { heaviestReward } from "../training/dry-run.js";
import { type Fitted, fitMemory } from "../training/memory-budget.js";
import { loadAll, spread } from "../training/rows.js";
import { withSession } from "../training/session.js";
import { dataSettings, memorySettings, modelSettings, runSettings } from "../training/settings.js";

const schema = rewardSchema.extend({
  ...modelSettings,
  ...dataSettings,
  ...memorySettings,
  holdOut: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.2)
    .describe("share of the pairs kept for the accuracy: with 0.2 every fifth"),
  normalizeSamples: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      "responses of the untrained model whose rewards get mean 0 and deviation 1; 0: the held-out pairs' texts",
    ),
  normalizeTokens: z.number().int().positive().default(64).describe("longest of those responses, in tokens"),
  ...runSettings,
});
type Config = z.output<typeof schema>;

export default defineCommand({
  description:
    "Trains a reward model from preferences (Bradley-Terry): a scalar head at the end of an answer, on a LoRA adapter " +
    "(--set lora.r=16) or on all weights. Tells how often it prefers the right side of pairs it did not see.",
  examples: [
    { command: "plumb reward --model m.gguf --data pairs.jsonl --set lora.r=16", does: "train with LoRA" },
    { command: "plumb reward recipes/smollm2-hh.yaml", does: "with the settings of a recipe" },
    {
      command: "plumb reward recipes/smollm2-hh.yaml --name hh --resume",
      does: "go on with an interrupted run",
    },
  ],
  schema,
  run: trainRewardModel,
});

async function trainRewardModel(context: CommandContext, settings: Config): Promise<void> {
  checkOut(settings.out, settings.resume);
  const rows = await loadAll(settings.data, loadPreferences, settings.limit);
  const split = holdOut(rows, settings.holdOut);
  const runtime = createRuntime();
  const opened = await openBase(runtime, settings.model, settings.adapter);
  const wanted = { ...settings, maxLength: Math.min(settings.maxLength, opened.config.maxPositions) };
  const encode = (row: PreferenceRow): TokenPair => ({ ...row, ...encodePreference(opened.tokenizer, row) });
  const train = split.train.map(encode);
  const heldOut = split.heldOut.map(encode);
  if (rows.some(({ weight }) => weight !== undefined)) {
    context.ui.warn('the rows\' "weight" is not used; "margin" and "noise" are');
  }
  context.ui.info(`${train.length} pairs to train on, ${heldOut.length} held out`);
  const texts = train.map(({ chosen }) => chosen);
  const { base, report } = await chosenBase(runtime, opened, wanted, texts, context.ui);
  const config = await fitMemory(wanted, (trial) => heaviestReward(base, train, trial), context.ui);

  await withSession(context, "reward", settings, async (session) => {
    const network = trainableNetwork(runtime, base, config.lora, config.seed, "random");
    const trainer = new NetworkTrainer(runtime, network, config);
    const trainers = { reward: trainer };
    session.restore(trainers);
    const steps = rewardSteps(train.length, config);
    const finished = await session.train(reward(trainer, train, base.padId, config, session.step), {
      trainers,
      steps,
      unit: "steps",
      figures: ({ loss, accuracy }) => ({ loss, accuracy }),
    });
    if (!finished) return;

    const batching = {
      rows: 2 * config.microBatchSize,
      padId: base.padId,
      packing: config.packing,
      onProgress: session.checkInterrupt,
    };
    const scores = await scorePairs(trainer, heldOut, batching, config.maxLength);
    const reference = await referenceRewards(
      runtime,
      base,
      trainer,
      split.train,
      scores,
      train,
      batching,
      config,
    );
    const { mean, std } = normalization(reference.rewards);
    await saveRewardModel(session.out, network, {
      base: base.source,
      mean,
      std,
      maxLength: config.maxLength,
      tokenizer: base.tokenizer,
      int8: base.recipe,
      ...(network.lora && { adapter: await adapterOverSource(base, network) }),
    });
    const result = {
      command: "reward",
      name: session.run.name,
      steps: session.step,
      trainPairs: train.length,
      heldOutPairs: heldOut.length,
      base: report,
      ...(heldOut.length > 0 && heldOutFigures(scores, split.heldOut, std)),
      normalization: { mean, std, samples: reference.rewards.length, from: reference.from },
      rewardModel: session.out,
      ...(await session.cost()),
    };
    await session.run.writeResult(result);
    await context.ui.result(result, () => summary(result));
  });
}

/** Raw rewards whose mean and deviation the model is shifted and scaled by. */
async function referenceRewards(
  runtime: Runtime,
  base: TrainingBase,
  runner: NetworkRunner,
  rows: readonly PreferenceRow[],
  heldOut: readonly { chosen: number; rejected: number }[],
  train: readonly TokenPair[],
  batching: Batching,
  config: Fitted<Config>,
): Promise<{ rewards: number[]; from: string }> {
  const sides = (scores: typeof heldOut): number[] =>
    scores.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  if (config.normalizeSamples === 0) {
    if (heldOut.length > 0) return { rewards: sides(heldOut), from: "held-out pairs" };
    const some = spread(train, Math.min(200, train.length)).picked;
    return {
      rewards: sides(await scorePairs(runner, some, batching, config.maxLength)),
      from: "training pairs",
    };
  }
  const room = config.maxLength - config.normalizeTokens;
  const fitting = rows
    .map((row) => encodePrompt(base.tokenizer, row.prompt))
    .filter((ids) => ids.length <= room);
  if (fitting.length === 0) {
    throw new PlumbError(
      `no prompt leaves ${config.normalizeTokens} of ${config.maxLength} tokens for a response`,
      {
        hint: "Lower normalizeTokens, or set normalizeSamples to 0.",
      },
    );
  }
  const prompts = spread(fitting, Math.min(config.normalizeSamples, fitting.length)).picked;
  const generator = new Generator(runtime, frozenNetwork(runtime, base.config, base.weights), base.padId);
  const sampling = { ...UNFILTERED, maxNewTokens: config.normalizeTokens, temperature: 1, seed: config.seed };
  const completions = await generator.generate(prompts, sampling);
  generator.release();
  const sequences = prompts.map((prompt, i) => promptCompletion(prompt, completions[i].ids));
  return {
    rewards: await sequenceScores(runner, sequences, batching),
    from: "responses of the untrained model",
  };
}

/** Accuracy counts a tie as wrong. The margin is in units of the normalised reward. Intervals are over conversations. */
function heldOutFigures(
  scores: readonly { chosen: number; rejected: number }[],
  rows: readonly PreferenceRow[],
  std: number,
) {
  const keys = rows.map(({ prompt, chosen }) => conversationKey(prompt, chosen));
  const right = scores.map(({ chosen, rejected }) => (chosen > rejected ? 1 : 0));
  const margins = scores.map(({ chosen, rejected }) => (chosen - rejected) / std);
  return {
    accuracy: rateInterval(clustersOf(right, keys)),
    margin: pooledMeanInterval(clustersOf(margins, keys)),
  };
}

interface Summary {
  heldOutPairs: number;
  accuracy?: Interval;
  margin?: Interval;
  normalization: { mean: number; std: number; from: string };
  rewardModel: string;
  trainingSeconds: number;
  peakMemoryMb: number;
}

function summary({
  heldOutPairs,
  accuracy,
  margin,
  normalization: n,
  rewardModel,
  ...cost
}: Summary): string {
  return [
    ...(accuracy
      ? [`accuracy   ${formatInterval(accuracy)} on ${heldOutPairs} pairs that it did not see`]
      : []),
    ...(margin ? [`margin     ${formatInterval(margin)}, in standard deviations`] : []),
    `rewards    mean ${formatNumber(n.mean)}, deviation ${formatNumber(n.std)} on ${n.from}, set to 0 and 1`,
    `cost       ${formatNumber(cost.trainingSeconds)} s of training, ${cost.peakMemoryMb} MB at most`,
    `saved      ${rewardModel}`,
  ].join("\n");
}
