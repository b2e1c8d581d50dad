/** PPO on files of prompts, against reward models and reward functions. */
import { join } from "node:path";
import { z } from "zod";
import { type PpoConfig, ppo, ppoSchema } from "../../algorithms/ppo.js";
import { sampleOf } from "../../algorithms/ppo-metrics.js";
import { functionReward, type RewardSource } from "../../algorithms/reward-sources.js";
import type { PromptTokens } from "../../algorithms/rollout.js";
import { writeFileAtomically } from "../../artifacts/index.js";
import { PlumbError } from "../../base/errors.js";
import { formatNumber } from "../../base/format.js";
import { loadPrompts } from "../../data/index.js";
import { type Completion, Generator } from "../../generate/index.js";
import { bytesPerPosition } from "../../generate/kv-cache.js";
import { promptCompletion } from "../../model/batch.js";
import { NetworkTrainer } from "../../model/runner.js";
import { type Batching, sequenceLogProbs } from "../../model/score.js";
import { calibrateValueHead } from "../../model/value-head.js";
import { CountingRuntime } from "../../runtime/counting-runtime.js";
import { mean } from "../../statistics/estimates.js";
import { formatInterval } from "../../statistics/format-interval.js";
import { savePolicy, trainableNetwork } from "../base.js";
import { type ModelShape, weightsLike } from "../dry-run.js";
import { defineMethod } from "../method.js";
import { openRewardModels, referenceRunner, rewardSources, valueNetwork } from "../online-networks.js";
import {
  comparePolicies,
  policySampleSchema,
  responseKl,
  samplePairs,
  samplePolicy,
} from "../policy-samples.js";
import { encodePrompts, splitPrompts } from "../prompts.js";
import { drawPpoCurves } from "../reward-curves.js";
import { loadRewardFunction, rewardFunctionSchema } from "../reward-functions.js";
import { loadAll } from "../rows.js";
import { dataSettings, memorySettings, modelSettings, runSettings } from "../settings.js";

const schema = ppoSchema.extend({
  ...modelSettings,
  ...dataSettings,
  ...memorySettings,
  rewardModel: z
    .array(z.string().min(1))
    .default([])
    .describe("folders that `plumb reward` wrote, or models for sequence classification"),
  rewardWeights: z.array(z.number()).default([]).describe("one for each reward model; default 1 each"),
  rewardFunctions: z
    .array(rewardFunctionSchema)
    .default([])
    .describe("your own rewards: [{module: ./brevity.mjs, export: default, weight: 1, name: brevity}]"),
  maxPromptLength: z
    .number()
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("in tokens; default: what the context leaves"),
  longPrompts: z
    .enum(["skip", "cut", "error"])
    .default("skip")
    .describe("what is done about longer prompts; cut keeps the end"),
  evalPrompts: z
    .number()
    .int()
    .min(0)
    .default(64)
    .describe("prompts kept from training, on which start and end are compared; at most a quarter"),
  ...runSettings,
});
type Config = z.output<typeof schema>;

/** Prompts whose responses set the value model's starting level when none are kept for the comparison. */
const CALIBRATION_PROMPTS = 16;

export const ppoMethod = defineMethod({
  name: "ppo",
  description:
    "Optimises a policy with PPO: rewards from reward models, from functions of your own, or both; the KL to the model " +
    "it started as is part of the reward. Compares the end with the start on prompts it was not trained on.",
  examples: [
    {
      command:
        "plumb ppo --model m.gguf --reward-model runs/reward/model --data prompts.jsonl --set lora.r=16",
      does: "train a LoRA adapter",
    },
    {
      command: "plumb ppo --model m.gguf --data prompts.jsonl --reward-functions '[{module: ./brevity.mjs}]'",
      does: "with a reward of your own: export default (responses) => responses.map(({ ids }) => -ids.length)",
    },
    {
      command: "plumb ppo recipes/smollm2-hh.yaml --name hh --resume",
      does: "go on with an interrupted run",
    },
  ],
  schema,

  async read(config) {
    checkRewards(config);
    const functions = await Promise.all(config.rewardFunctions.map(loadRewardFunction));
    return { functions, prompts: await loadAll(config.data, loadPrompts, config.limit) };
  },

  encode({ functions, prompts: rows }, { tokenizer, context }, config) {
    const { prompts, long } = encodePrompts(tokenizer, rows, context, config);
    const { train, evaluation } = splitPrompts(prompts, config.evalPrompts);
    const what = config.longPrompts === "skip" ? "skipped" : "cut";
    const tooLong = long > 0 ? `; ${long} too long, ${what}` : "";
    return {
      ...{ functions, train, evaluation, long, texts: train.map(({ ids }) => ids) },
      said: [`${train.length} prompts to train on, ${evaluation.length} to compare on${tooLong}`],
    };
  },

  heaviest: (model, { train }, config) => heaviestIteration(model, train, config),

  async foresee(model, { train }, config, heaviest) {
    // The heaviest iteration has the longest prompts only.
    const lengths = train.map(({ ids }) => ids.length + config.maxNewTokens);
    const longest = [...lengths].sort((a, b) => b - a).slice(0, config.batchSize);
    const sampling = config.batchSize * mean(lengths) * 2 * matrixElements(model);
    return {
      steps: config.iterations,
      stepFlops: heaviest.flops * (mean(lengths) / mean(longest)) + sampling,
    };
  },

  async run({ runtime, base, data: { functions, train, evaluation, long }, config, session, host }) {
    // 1. Rewards.
    const { padId, tokenizer } = base;
    const batching = { rows: config.microBatchSize, padId, packing: config.packing };
    const models = await openRewardModels(runtime, base, config.rewardModel);
    const longest = Math.max(...[...train, ...evaluation].map(({ ids }) => ids.length)) + config.maxNewTokens;
    const shortest = Math.min(...models.map(({ maxLength }) => maxLength));
    if (longest > shortest)
      host.warn(`texts have up to ${longest} tokens; a reward model was trained on ${shortest} at most`);
    const rewards: RewardSource[] = [
      ...rewardSources(models, config.rewardModel, config.rewardWeights, batching),
      ...functions,
    ];

    // 2. Policy, reference and value model.
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const policy = new NetworkTrainer(runtime, network, config);
    const start = config.valueFrom === "reward" ? models[0] : undefined;
    const valueStart = valueNetwork(runtime, base, start, config.lora, config.seed);
    const value = new NetworkTrainer(runtime, valueStart, config);
    const reference = referenceRunner(runtime, base);
    const trainers = { policy, value };
    session.restore(trainers);
    const generator = new Generator(runtime, network, padId, tokenizer);
    const sampleFrom = (some: readonly PromptTokens[]) =>
      samplePolicy(generator, rewards, some, config, host.signal);

    // 3. What the policy answers before the first update, when it is the reference; the value model starts at that level.
    const before = await session.note("before", z.array(policySampleSchema), () => sampleFrom(evaluation));
    if (start && session.step === 0) {
      const known = before.length > 0 ? evaluation : train.slice(0, CALIBRATION_PROMPTS);
      const samples = before.length > 0 ? before : await sampleFrom(known);
      const sequences = samples.map(({ ids }, i) => promptCompletion(known[i].ids, ids));
      await calibrateValueHead(value, sequences, batching, {
        scale: (config.rewardWeights[0] ?? 1) / start.std,
        mean: mean(samples.map(({ reward }) => reward)),
      });
    }

    // 4. PPO.
    const saved = session.algorithmState;
    const state =
      saved === undefined ? { iteration: 0, beta: config.klCoefficient } : stateSchema.parse(saved);
    const setup = { policy, reference, value, generator, rewards, prompts: train, padId };
    const finished = await session.train(ppo(setup, config, state), {
      trainers,
      steps: config.iterations,
      unit: "iterations",
      figures: (metrics) => ({ reward: metrics["objective/scores"], KL: metrics["objective/kl"] }),
      state: () => ({ ...state }),
      shown: sampleOf,
    });
    if (!finished) return undefined;

    // 5. The end beside the start, on prompts that it was not trained on.
    const after = await sampleFrom(evaluation);
    generator.release();
    const checked: Batching = { ...batching, onProgress: session.checkInterrupt };
    const kl = await responseKl(policy, reference, evaluation, after, checked, config.temperature);
    await savePolicy(session.out, base, network);
    await writeFileAtomically(
      join(session.run.dir, "samples-before-after.jsonl"),
      samplePairs(evaluation, before, after, kl),
    );
    await drawPpoCurves(session.run.dir);
    return {
      iterations: session.step,
      stopped: session.stopped ?? null,
      trainPrompts: train.length,
      longPrompts: { count: long, done: config.longPrompts },
      ...(before.length > 1 && { comparison: comparePolicies(evaluation, before, after, kl) }),
      klBudget: config.klBudget,
      klCoefficient: state.beta,
    };
  },

  report({ comparison }) {
    if (comparison === undefined) return [];
    const { rewardBefore, rewardAfter, prompts, gain, gains, klPerResponse, distinct3, length } = comparison;
    const change = ({ before, after }: { before: number; after: number }): string =>
      `${formatNumber(before)} before, ${formatNumber(after)} after`;
    const level = change({ before: rewardBefore.estimate, after: rewardAfter.estimate });
    const byName = Object.entries(gains);
    return [
      ["reward", `${level}, on ${prompts} prompts it was not trained on`],
      ["gain", `${formatInterval(gain)} standard deviations of the start`],
      ...(byName.length > 1 ? byName.map(([name, own]) => [`  ${name}`, formatInterval(own)] as const) : []),
      ["KL", `${formatInterval(klPerResponse)} nats per response`],
      ["distinct-3", change(distinct3)],
      ["length", `${change(length)} tokens`],
    ];
  },
});

const stateSchema = z.object({ iteration: z.number().int().nonnegative(), beta: z.number() });

function checkRewards({ rewardModel, rewardFunctions, rewardWeights }: Config): void {
  if (rewardModel.length + rewardFunctions.length === 0) {
    throw new PlumbError("there is nothing to optimise", {
      hint: "Give --reward-model or --reward-functions.",
    });
  }
  if (rewardWeights.length > rewardModel.length)
    throw new PlumbError(`${rewardWeights.length} weights for ${rewardModel.length} reward models`);
}

/** An iteration with the longest prompts, all responses as long as may be; without reward models of another base. */
async function heaviestIteration(
  model: ModelShape,
  prompts: readonly PromptTokens[],
  config: PpoConfig,
): Promise<CountingRuntime> {
  const few = [...prompts].sort((a, b) => b.ids.length - a.ids.length).slice(0, config.batchSize);
  const { padId } = model;
  const runtime = new CountingRuntime();
  const base = weightsLike(runtime, model);
  const trainer = (head?: "zero"): NetworkTrainer =>
    new NetworkTrainer(runtime, trainableNetwork(runtime, base, config.lora, config.seed, head), config);
  const reference = referenceRunner(runtime, base);
  const setup = {
    policy: trainer(),
    value: trainer("zero"),
    reference,
    generator: { generate: async (rows: readonly unknown[]) => rows.map(() => zeros(config.maxNewTokens)) },
    rewards: [functionReward("none", 1, (inputs) => inputs.map(() => 0))],
    prompts: few,
    padId,
  };
  // What sampling takes: the cache, and the packed weights, which any program of few rows has.
  const positions = config.batchSize * ((few[0]?.ids.length ?? 0) + config.maxNewTokens);
  runtime.buffer("u8", [positions * bytesPerPosition(model.config)]);
  await sequenceLogProbs(reference, [{ ids: [0, 0], read: [false, true] }], { rows: 1, padId });
  await ppo(setup, { ...config, iterations: 1, klBudget: null }, { iteration: 0, beta: 0 }).next();
  return runtime;
}

const zeros = (count: number): Completion => ({
  ids: new Array(count).fill(0),
  logProbs: new Array(count).fill(0),
  finishReason: "length",
});

const matrixElements = ({ weights }: ModelShape): number =>
  [...weights.values()].reduce((n, { shape }) => n + (shape.length === 2 ? shape[0] * shape[1] : 0), 0);
