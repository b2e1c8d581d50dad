import { join } from "node:path";
import { z } from "zod";
import { type PpoState, ppo, ppoSchema } from "../../algorithms/ppo.js";
import { sampleOf } from "../../algorithms/ppo-metrics.js";
import type { PromptTokens } from "../../algorithms/rollout.js";
import { writeFileAtomically } from "../../artifacts/index.js";
import { loadPrompts } from "../../data/index.js";
import { PlumbError } from "../../base/errors.js";
import { Generator } from "../../generate/index.js";
import { promptCompletion } from "../../model/batch.js";
import { NetworkTrainer } from "../../model/runner.js";
import { calibrateValueHead } from "../../model/value-head.js";
import { mean } from "../../statistics/estimates.js";
import { type CommandContext, defineCommand } from "../command.js";
import { chosenBase } from "../int8-base.js";
import { createRuntime } from "../open-network.js";
import { formatInterval } from "../../statistics/format-interval.js";
import { formatNumber } from "../../base/format.js";
import { checkOut, openBase, savePolicy, trainableNetwork } from "../training/base.js";
import { heaviestPpo } from "../training/dry-run.js";
import { fitMemory } from "../training/memory-budget.js";
import {
  comparePolicies,
  type PolicyComparison,
  type PolicySample,
  responseKl,
  samplePairs,
  samplePolicy,
} from "../training/policy-samples.js";
import { openRewardModels, referenceRunner, rewardSources, valueNetwork } from "../training/ppo-networks.js";
import { drawPpoCurves } from "../training/ppo-plots.js";
import { encodePrompts, splitPrompts } from "../training/prompts.js";
import { loadRewardFunction, rewardFunctionSchema } from "../training/reward-functions.js";
import { loadAll } from "../training/rows.js";
import { type Session, withSession } from "../training/session.js";
import { dataSettings, memorySettings, modelSettings, runSettings } from "../training/settings.js";

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

export default defineCommand({
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
  run: optimise,
});

async function optimise(context: CommandContext, settings: Config): Promise<void> {
  checkOut(settings.out, settings.resume);
  if (settings.rewardModel.length + settings.rewardFunctions.length === 0) {
    throw new PlumbError("there is nothing to optimise", {
      hint: "Give --reward-model or --reward-functions.",
    });
  }
  if (settings.rewardWeights.length > settings.rewardModel.length) {
    throw new PlumbError(
      `${settings.rewardWeights.length} weights for ${settings.rewardModel.length} reward models`,
    );
  }
  const functions = await Promise.all(settings.rewardFunctions.map(loadRewardFunction));
  const rows = await loadAll(settings.data, loadPrompts, settings.limit);
  const runtime = createRuntime();
  const opened = await openBase(runtime, settings.model, settings.adapter);
  const { padId, tokenizer } = opened;
  const { prompts, long } = encodePrompts(tokenizer, rows, opened.config.maxPositions, settings);
  const { train, evaluation } = splitPrompts(prompts, settings.evalPrompts);
  const texts = train.map(({ ids }) => ids);
  const { base, report } = await chosenBase(runtime, opened, settings, texts, context.ui);
  const config = await fitMemory(settings, (trial) => heaviestPpo(base, train, trial), context.ui);
  const models = await openRewardModels(runtime, base, config.rewardModel);
  const longest = Math.max(...prompts.map(({ ids }) => ids.length)) + config.maxNewTokens;
  const shortest = Math.min(...models.map(({ maxLength }) => maxLength));
  if (longest > shortest) {
    context.ui.warn(`texts have up to ${longest} tokens; a reward model was trained on ${shortest} at most`);
  }
  const batching = { rows: config.microBatchSize, padId, packing: config.packing };
  const rewards = [
    ...rewardSources(models, config.rewardModel, config.rewardWeights, batching),
    ...functions,
  ];
  const what = config.longPrompts === "skip" ? "skipped" : "cut";
  context.ui.info(
    `${train.length} prompts to train on, ${evaluation.length} to compare on${long > 0 ? `; ${long} too long, ${what}` : ""}`,
  );

  await withSession(context, "ppo", settings, async (session) => {
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const policy = new NetworkTrainer(runtime, network, config);
    const start = config.valueFrom === "reward" ? models[0] : undefined;
    const value = new NetworkTrainer(
      runtime,
      valueNetwork(runtime, base, start, config.lora, config.seed),
      config,
    );
    const reference = referenceRunner(runtime, base);
    const trainers = { policy, value };
    session.restore(trainers);
    const state = startingState(session, config.klCoefficient);
    const generator = new Generator(runtime, network, padId, tokenizer);
    const sampleFrom = (some: readonly PromptTokens[]) =>
      samplePolicy(generator, rewards, some, config, context.signal);
    const sample = () => sampleFrom(evaluation);

    // Before the first update the policy is the reference; a resumed run has this in its checkpoint.
    const before = (session.notes.before ??= (await sample()) as never) as unknown as PolicySample[];
    if (start && session.step === 0) {
      const known = before.length > 0 ? evaluation : train.slice(0, CALIBRATION_PROMPTS);
      const samples = before.length > 0 ? before : await sampleFrom(known);
      await calibrateValueHead(
        value,
        samples.map(({ ids }, i) => promptCompletion(known[i].ids, ids)),
        batching,
        {
          scale: (config.rewardWeights[0] ?? 1) / start.std,
          mean: mean(samples.map(({ reward }) => reward)),
        },
      );
    }
    const setup = { policy, reference, value, generator, rewards, prompts: train, padId };
    const finished = await session.train(ppo(setup, config, state), {
      trainers,
      steps: config.iterations,
      unit: "iterations",
      figures: (metrics) => ({ reward: metrics["objective/scores"], KL: metrics["objective/kl"] }),
      state: () => ({ ...state }),
      shown: sampleOf,
    });
    if (!finished) return;

    const after = await sample();
    generator.release();
    const checked = { ...batching, onProgress: session.checkInterrupt };
    const kl = await responseKl(policy, reference, evaluation, after, checked, config.temperature);
    await savePolicy(session.out, base, network);
    await writeFileAtomically(
      join(session.run.dir, "samples-before-after.jsonl"),
      samplePairs(evaluation, before, after, kl),
    );
    await drawPpoCurves(session.run.dir);
    const result = {
      command: "ppo",
      name: session.run.name,
      iterations: session.step,
      stopped: session.stopped ?? null,
      trainPrompts: train.length,
      longPrompts: { count: long, done: config.longPrompts },
      ...(before.length > 1 && { comparison: comparePolicies(evaluation, before, after, kl) }),
      base: report,
      klBudget: config.klBudget,
      klCoefficient: state.beta,
      model: session.out,
      ...(await session.cost()),
    };
    await session.run.writeResult(result);
    await context.ui.result(result, () => summary(result));
  });
}

const stateSchema = z.object({ iteration: z.number().int().nonnegative(), beta: z.number() });

function startingState(session: Session, beta: number): PpoState {
  const saved = session.algorithmState;
  return saved === undefined ? { iteration: 0, beta } : stateSchema.parse(saved);
}

interface Summary {
  iterations: number;
  comparison?: PolicyComparison;
  model: string;
  trainingSeconds: number;
  peakMemoryMb: number;
}

function summary({ iterations, comparison, model, trainingSeconds, peakMemoryMb }: Summary): string {
  const change = ({ before, after }: { before: number; after: number }): string =>
    `${formatNumber(before)} before, ${formatNumber(after)} after`;
  const figures = comparison && [
    `reward      ${formatNumber(comparison.rewardBefore.estimate)} before, ${formatNumber(comparison.rewardAfter.estimate)} after, on ${comparison.prompts} prompts it was not trained on`,
    `gain        ${formatInterval(comparison.gain)} standard deviations of the start`,
    ...(Object.keys(comparison.gains).length > 1
      ? Object.entries(comparison.gains).map(([name, gain]) => `  ${name}: ${formatInterval(gain)}`)
      : []),
    `KL          ${formatInterval(comparison.klPerResponse)} nats per response`,
    `distinct-3  ${change(comparison.distinct3)}`,
    `length      ${change(comparison.length)} tokens`,
  ];
  return [
    ...(figures ?? []),
    `cost        ${iterations} iterations in ${formatNumber(trainingSeconds)} s, ${peakMemoryMb} MB at most`,
    `saved       ${model}`,
  ].join("\n");
}
