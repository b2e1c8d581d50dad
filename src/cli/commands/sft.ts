import { z } from "zod";
import { sft, sftSchema, sftSteps } from "../../algorithms/sft.js";
import {
  demonstrationKey,
  encodeDemonstration,
  holdOut,
  loadDemonstrations,
  type TokenizedText,
} from "../../data/index.js";
import { PlumbError } from "../../base/errors.js";
import { lossPerToken } from "../../evaluate/policy-report.js";
import { packSequences } from "../../model/packing.js";
import { type NetworkRunner, NetworkTrainer } from "../../model/runner.js";
import { type Batching, sequenceLogProbs } from "../../model/score.js";
import type { Interval } from "../../statistics/estimates.js";
import { type CommandContext, defineCommand } from "../command.js";
import { chosenBase } from "../int8-base.js";
import { createRuntime } from "../open-network.js";
import { formatInterval } from "../../statistics/format-interval.js";
import { formatNumber } from "../../base/format.js";
import { checkOut, openBase, savePolicy, trainableNetwork } from "../training/base.js";
import { heaviestSft } from "../training/dry-run.js";
import { fitMemory } from "../training/memory-budget.js";
import { loadAll } from "../training/rows.js";
import { withSession } from "../training/session.js";
import { dataSettings, memorySettings, modelSettings, runSettings } from "../training/settings.js";

const schema = sftSchema.extend({
  ...modelSettings,
  ...dataSettings,
  ...memorySettings,
  holdOut: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe("share of the rows kept for the loss: with 0.1 every tenth"),
  ...runSettings,
});
type Config = z.output<typeof schema>;

export default defineCommand({
  description:
    "Fine-tunes a model on demonstrations: the loss reads what the assistant says, not the prompts. Trains a LoRA " +
    "adapter (--set lora.r=16) or all weights.",
  examples: [
    { command: "plumb sft --model m.gguf --data demos.jsonl --set lora.r=16", does: "train a LoRA adapter" },
    {
      command: "plumb sft --model folder --data a.jsonl,b.csv --packing",
      does: "train all weights on two files",
    },
    { command: "plumb sft recipes/smollm2-hh.yaml", does: "with the settings of a recipe" },
  ],
  schema,
  run: fineTune,
});

async function fineTune(context: CommandContext, settings: Config): Promise<void> {
  checkOut(settings.out, settings.resume);
  const rows = await loadAll(settings.data, loadDemonstrations, settings.limit);
  const split = holdOut(rows, settings.holdOut);
  const runtime = createRuntime();
  const opened = await openBase(runtime, settings.model, settings.adapter);
  const wanted = { ...settings, maxLength: Math.min(settings.maxLength, opened.config.maxPositions) };
  const encode = (row: (typeof rows)[number]): TokenizedText => {
    const { ids, read } = encodeDemonstration(opened.tokenizer, row);
    return { ids: ids.slice(0, wanted.maxLength), read: read.slice(0, wanted.maxLength) };
  };
  const train = split.train.map(encode).filter(isRead);
  const heldOut = split.heldOut
    .map((row) => ({ ...encode(row), conversation: demonstrationKey(row) }))
    .filter(isRead);
  const lost = rows.length - train.length - heldOut.length;
  if (train.length === 0) {
    throw new PlumbError(`no demonstration has an answer within ${wanted.maxLength} tokens`, {
      hint: "Raise maxLength, up to the model's context.",
    });
  }
  const without = lost > 0 ? `; ${lost} have no answer within ${wanted.maxLength} tokens` : "";
  context.ui.info(`${train.length} demonstrations to train on, ${heldOut.length} held out${without}`);
  const texts = train.map(({ ids }) => ids);
  const { base, report } = await chosenBase(runtime, opened, wanted, texts, context.ui);
  const config = await fitMemory(wanted, (trial) => heaviestSft(base, train, trial), context.ui);

  await withSession(context, "sft", settings, async (session) => {
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const trainer = new NetworkTrainer(runtime, network, config);
    const trainers = { policy: trainer };
    session.restore(trainers);
    const batching = { rows: config.microBatchSize, padId: base.padId, onProgress: session.checkInterrupt };
    const before = (session.notes.heldOutLoss ??= (await heldOutLoss(
      trainer,
      heldOut,
      batching,
    )) as never) as unknown as Interval | null;
    const rowsTrained = config.packing ? packSequences(train, config.maxLength).length : train.length;
    const finished = await session.train(sft(trainer, train, base.padId, config, session.step), {
      trainers,
      steps: sftSteps(rowsTrained, config),
      unit: "steps",
      figures: ({ loss, mean_token_accuracy: accuracy }) => ({ loss, accuracy }),
    });
    if (!finished) return;

    const after = await heldOutLoss(trainer, heldOut, batching);
    await savePolicy(session.out, base, network);
    const result = {
      command: "sft",
      name: session.run.name,
      steps: session.step,
      demonstrations: train.length,
      heldOut: heldOut.length,
      base: report,
      ...(before && after && { lossBefore: before, lossAfter: after, perplexity: perplexityOf(after) }),
      model: session.out,
      ...(await session.cost()),
    };
    await session.run.writeResult(result);
    await context.ui.result(result, () =>
      [
        ...(before && after
          ? [
              `held-out loss  ${formatNumber(before.estimate)} before, ${formatInterval(after)} after, on ${heldOut.length} demonstrations`,
              `perplexity     ${formatInterval(perplexityOf(after))}`,
            ]
          : []),
        `cost           ${formatNumber(result.trainingSeconds)} s of training, ${result.peakMemoryMb} MB at most`,
        `saved          ${session.out}`,
      ].join("\n"),
    );
  });
}

const isRead = ({ read }: TokenizedText): boolean => read.some((one, t) => one && t > 0);

/** Mean negative log-probability of the tokens read, with its interval over conversations; null without any. */
async function heldOutLoss(
  runner: NetworkRunner,
  examples: readonly (TokenizedText & { conversation: string })[],
  batching: Batching,
): Promise<Interval | null> {
  if (examples.length === 0) return null;
  const rows = await sequenceLogProbs(runner, examples, batching);
  return lossPerToken(rows.map((logProbs, i) => ({ logProbs, conversation: examples[i].conversation })));
}

const perplexityOf = ({ estimate, low, high, ...rest }: Interval): Interval => ({
  ...rest,
  estimate: Math.exp(estimate),
  low: Math.exp(low),
  high: Math.exp(high),
});
