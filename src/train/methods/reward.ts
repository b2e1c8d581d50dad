/** A reward model trained on preferences, from files or a project. */
import { z } from "zod";
import {
  normalization,
  type RewardConfig,
  reward,
  rewardSchema,
  rewardSteps,
  scorePairs,
  type TokenPair,
} from "../../algorithms/reward.js";
import { PlumbError } from "../../base/errors.js";
import { formatNumber } from "../../base/format.js";
import {
  conversationKey,
  encodePreference,
  encodePrompt,
  holdOut,
  loadPreferences,
  type PreferenceRow,
  preferenceNames,
  preferencesOf,
} from "../../data/index.js";
import { Generator, UNFILTERED } from "../../generate/index.js";
import { promptCompletion } from "../../model/batch.js";
import { frozenNetwork } from "../../model/create.js";
import { saveRewardModel } from "../../model/reward-model.js";
import { type NetworkRunner, NetworkTrainer } from "../../model/runner.js";
import { type Batching, sequenceScores } from "../../model/score.js";
import { warmupSteps } from "../../optim/index.js";
import type { CountingRuntime } from "../../runtime/counting-runtime.js";
import type { Runtime } from "../../runtime/runtime.js";
import { formatInterval } from "../../statistics/format-interval.js";
import { adapterOverSource, broughtTokenizer, type TrainingBase, trainableNetwork } from "../base.js";
import { pairFigures } from "../direct-run.js";
import { counted, foreseenSteps, heaviest, type ModelShape, partsOf } from "../dry-run.js";
import { defineMethod } from "../method.js";
import { loadJudged, spread } from "../rows.js";
import { judgedDataSettings, memorySettings, modelSettings, runSettings } from "../settings.js";

const schema = rewardSchema.extend({
  ...modelSettings,
  ...judgedDataSettings,
  aspect: z
    .string()
    .min(1)
    .optional()
    .describe("of a project: the aspect to learn; by default the first that it asks"),
  ...memorySettings,
  holdOut: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.2)
    .describe(
      "share of the conversations kept for the accuracy: with 0.2 every fifth, with all of its pairs",
    ),
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

export const rewardMethod = defineMethod({
  name: "reward",
  description:
    "Trains a reward model from preferences (Bradley-Terry): a scalar head at the end of an answer, on a LoRA adapter " +
    "(--set lora.r=16) or on all weights. Reports how often it prefers the right side of held-out pairs.",
  examples: [
    { command: "plumb reward --model m.gguf --data pairs.jsonl --set lora.r=16", does: "train with LoRA" },
    {
      command: "plumb reward --model folder --project p-... --db plumb.db",
      does: "train on the votes of a project",
    },
    { command: "plumb reward recipes/smollm2-hh.yaml", does: "with the settings of a recipe" },
    {
      command: "plumb reward recipes/smollm2-hh.yaml --name hh --resume",
      does: "resume an interrupted run",
    },
  ],
  schema,
  read: (config, warn) => loadJudged(config, "preferences", loadPreferences, preferencesOf, warn),

  encode(rows, { tokenizer }, { holdOut: share, maxLength }) {
    const split = holdOut(rows, share, preferenceNames);
    const encoded = (row: PreferenceRow): TokenPair => ({ ...row, ...encodePreference(tokenizer, row) });
    const [train, heldOut] = [split.train.map(encoded), split.heldOut.map(encoded)];
    const equal = train.filter((pair) => isEqual(pair, maxLength)).length;
    if (equal === train.length) {
      throw new PlumbError(
        "in every pair to train on, chosen and rejected are the same: nothing can be learned",
        {
          hint: `Look at the data with plumb data; texts are compared by their last ${maxLength} tokens (--max-length).`,
        },
      );
    }
    const equalHeldOut = heldOut.filter((pair) => isEqual(pair, maxLength)).length;
    const warnings = [
      ...(equal > 0
        ? [`in ${equal} of ${train.length} pairs chosen and rejected are the same: they teach nothing`]
        : []),
      ...(equalHeldOut > 0
        ? [`in ${equalHeldOut} of ${heldOut.length} held-out pairs they are the same, which counts as wrong`]
        : []),
    ];
    return {
      warnings,
      train,
      heldOut,
      rows: split,
      texts: train.map(({ chosen }) => chosen),
      said: [`${train.length} pairs to train on, ${heldOut.length} held out`],
    };
  },

  heaviest(model, { train }, config) {
    const longer = ({ chosen, rejected }: TokenPair): number => Math.max(chosen.length, rejected.length);
    return dryRun(model, heaviest(train, longer, config), { ...config, batchSize: partsOf(config) }, 1);
  },

  foresee: (model, { train }, config) =>
    foreseenSteps(rewardSteps(train.length, config), (some) => dryRun(model, train, config, some)),

  async run({ runtime, base, data: { train, heldOut, rows }, config, session }) {
    const network = trainableNetwork(runtime, base, config.lora, config.seed, "random");
    const trainer = new NetworkTrainer(runtime, network, config);
    const trainers = { reward: trainer };
    await session.restore(trainers);
    const steps = rewardSteps(train.length, config);
    const finished = await session.train(reward(trainer, train, base.padId, config, session.step), {
      trainers,
      steps,
      warmup: warmupSteps(steps, config),
      unit: "steps",
      figures: ({ loss, accuracy }) => ({ loss, accuracy }),
    });
    if (!finished) return undefined;

    const batching = {
      rows: 2 * config.microBatchSize,
      padId: base.padId,
      packing: config.packing,
      onProgress: session.checkInterrupt,
    };
    const scores = await scorePairs(trainer, heldOut, batching, config.maxLength);
    const reference =
      config.normalizeSamples > 0
        ? await sampledRewards(runtime, base, trainer, rows.train, batching, config)
        : await pairRewards(trainer, scores, train, batching, config);
    const { mean, std } = normalization(reference.rewards);
    const conversations = rows.heldOut.map(({ prompt, chosen }) => conversationKey(prompt, chosen));
    await saveRewardModel(session.out, network, {
      base: base.source,
      mean,
      std,
      maxLength: config.maxLength,
      tokenizer: base.tokenizer,
      broughtTokenizer: broughtTokenizer(base),
      int8: base.recipe,
      ...(network.lora && { adapter: await adapterOverSource(base, network) }),
    });
    return {
      steps: session.step,
      trainPairs: train.length,
      heldOutPairs: heldOut.length,
      ...(heldOut.length > 0 && pairFigures(scores, conversations, std)),
      normalization: { mean, std, samples: reference.rewards.length, from: reference.from },
      rewardModel: session.out,
    };
  },

  report: ({ heldOutPairs, accuracy, margin, normalization: { mean, std, from } }) => [
    ...(accuracy
      ? [["accuracy", `${formatInterval(accuracy)} on ${heldOutPairs} pairs that it did not see`] as const]
      : []),
    ...(margin ? [["margin", `${formatInterval(margin)}, in standard deviations`] as const] : []),
    [
      "rewards",
      `mean ${formatNumber(mean)}, deviation ${formatNumber(std)} on ${from}, set to 0 and 1`,
    ] as const,
  ],
});

/** Whether a pair's texts are the same to the model, which sees their ends. */
const isEqual = ({ chosen, rejected }: TokenPair, maxLength: number): boolean =>
  chosen.slice(-maxLength).join() === rejected.slice(-maxLength).join();

/** Counts some steps without computing them. */
const dryRun = (
  model: ModelShape,
  pairs: readonly TokenPair[],
  config: RewardConfig,
  steps: number,
): Promise<CountingRuntime> =>
  counted(model, config, "random", steps, (trainer) => reward(trainer, pairs, model.padId, config));

type Config = RewardConfig & Pick<z.output<typeof schema>, "normalizeSamples" | "normalizeTokens">;
interface ReferenceRewards {
  /** Raw rewards by whose mean and deviation the model is normalised. */
  rewards: number[];
  from: string;
}

/** Training pairs that are used if none are held out. */
const PAIRS_FOR_NORMALIZATION = 200;

/** Rewards of both sides of the held-out pairs, or of training pairs if there are none. */
async function pairRewards(
  runner: NetworkRunner,
  heldOut: readonly { chosen: number; rejected: number }[],
  train: readonly TokenPair[],
  batching: Batching,
  { maxLength }: Config,
): Promise<ReferenceRewards> {
  const sides = (scores: typeof heldOut): number[] =>
    scores.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  if (heldOut.length > 0) return { rewards: sides(heldOut), from: "held-out pairs" };
  const some = spread(train, Math.min(PAIRS_FOR_NORMALIZATION, train.length)).picked;
  return { rewards: sides(await scorePairs(runner, some, batching, maxLength)), from: "training pairs" };
}

/** Rewards of responses that the untrained model samples to some of the prompts. */
async function sampledRewards(
  runtime: Runtime,
  base: TrainingBase,
  runner: NetworkRunner,
  rows: readonly PreferenceRow[],
  batching: Batching,
  { maxLength, normalizeSamples, normalizeTokens, seed }: Config,
): Promise<ReferenceRewards> {
  const fitting = rows
    .map((row) => encodePrompt(base.tokenizer, row.prompt, row.tools))
    .filter((ids) => ids.length <= maxLength - normalizeTokens);
  if (fitting.length === 0) {
    throw new PlumbError(`no prompt leaves ${normalizeTokens} of ${maxLength} tokens for a response`, {
      hint: "Lower normalizeTokens, or set normalizeSamples to 0.",
    });
  }
  const prompts = spread(fitting, Math.min(normalizeSamples, fitting.length)).picked;
  const generator = new Generator(runtime, frozenNetwork(runtime, base.config, base.weights), base.padId);
  const sampling = { ...UNFILTERED, maxNewTokens: normalizeTokens, temperature: 1, seed };
  const completions = await generator.generate(prompts, sampling);
  generator.release();
  const sequences = prompts.map((prompt, i) => promptCompletion(prompt, completions[i].ids));
  return {
    rewards: await sequenceScores(runner, sequences, batching),
    from: "responses of the untrained model",
  };
}
