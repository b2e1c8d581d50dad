/** Supervised fine-tuning of a model on demonstrations, from files or a project. */
import { z } from "zod";
import { type SftConfig, sft, sftSchema, sftSteps } from "../../algorithms/sft.js";
import { PlumbError } from "../../base/errors.js";
import { formatNumber } from "../../base/format.js";
import {
  type ChatMessage,
  type Demonstration,
  demonstrationKey,
  demonstrationNames,
  demonstrationsOf,
  encodeDemonstrations,
  holdOut,
  loadDemonstrations,
  type TokenizedText,
} from "../../data/index.js";
import { lossPerToken } from "../../evaluate/policy-report.js";
import { packSequences } from "../../model/packing.js";
import { type NetworkRunner, NetworkTrainer } from "../../model/runner.js";
import { type Batching, sequenceLogProbs } from "../../model/score.js";
import { warmupSteps } from "../../optim/index.js";
import type { CountingRuntime } from "../../runtime/counting-runtime.js";
import type { Interval } from "../../statistics/estimates.js";
import { formatInterval } from "../../statistics/format-interval.js";
import { turnEndOf } from "../../text/index.js";
import { savePolicy, trainableNetwork } from "../base.js";
import { counted, foreseenSteps, heaviest, type ModelShape, partsOf } from "../dry-run.js";
import { defineMethod } from "../method.js";
import { loadJudged } from "../rows.js";
import { judgedDataSettings, memorySettings, modelSettings, runSettings } from "../settings.js";
import { intervalSchema } from "../training-loop.js";

const schema = sftSchema.extend({
  ...modelSettings,
  ...judgedDataSettings,
  ...memorySettings,
  holdOut: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe("share of the conversations kept for the loss: with 0.1 every tenth, with all of its rows"),
  ...runSettings,
});

/** A demonstration that is kept from training to measure the loss by, and the conversation that it belongs to. */
export type HeldOut = TokenizedText & { conversation: string };

export const sftMethod = defineMethod({
  name: "sft",
  description:
    "Fine-tunes a model on demonstrations: the loss covers what the assistant says, not the prompts. Trains a LoRA " +
    "adapter (--set lora.r=16) or all weights.",
  balancesRouters: true,
  examples: [
    { command: "plumb sft --model m.gguf --data demos.jsonl --set lora.r=16", does: "train a LoRA adapter" },
    {
      command: "plumb sft --model folder --data a.jsonl,b.csv --packing",
      does: "train all weights on two files",
    },
    {
      command: "plumb sft --model folder --project p-... --db plumb.db",
      does: "train on what the raters of a project wrote",
    },
    { command: "plumb sft recipes/smollm2-hh.yaml", does: "with the settings of a recipe" },
  ],
  schema,
  read: (config, warn) => loadJudged(config, "demonstrations", loadDemonstrations, demonstrationsOf, warn),

  encode(rows, { tokenizer }, { maxLength, holdOut: share }) {
    const empty = rows.filter(isAnswerless).length;
    if (empty === rows.length) {
      throw new PlumbError(
        `the answers of all ${empty} demonstrations are empty: nothing can be learned from them`,
        {
          hint: "Look at the data with plumb data.",
        },
      );
    }
    const split = holdOut(rows, share, demonstrationNames);
    const encoded = (row: (typeof rows)[number]): TokenizedText[] =>
      encodeDemonstrations(tokenizer, row)
        .map(({ ids, lossMask: read }) => ({
          ids: ids.slice(0, maxLength),
          lossMask: read.slice(0, maxLength),
        }))
        .filter(isRead);
    const train = split.train.flatMap(encoded);
    const heldOut = split.heldOut.flatMap((row) =>
      encoded(row).map((text): HeldOut => ({ ...text, conversation: demonstrationKey(row) })),
    );
    if (train.length === 0) {
      throw new PlumbError(`no demonstration has an answer within ${maxLength} tokens`, {
        hint: "Raise maxLength, up to the model's context.",
      });
    }
    const lost = rows.length - train.length - heldOut.length;
    const without = lost > 0 ? `; ${lost} have no answer within ${maxLength} tokens` : "";
    const emptied = `the answers of ${empty} of ${rows.length} demonstrations are empty: the model learns to say nothing`;
    const endless = rows.some(isChat) && turnEndOf(tokenizer).id === undefined;
    const warnings = [...(empty > 0 ? [emptied] : []), ...(endless ? [ENDLESS] : [])];
    return {
      warnings,
      train,
      heldOut,
      texts: train.map(({ ids }) => ids),
      said: [`${train.length} demonstrations to train on, ${heldOut.length} held out${without}`],
    };
  },

  heaviest(model, { train }, config) {
    const few = config.packing ? train : heaviest(train, ({ ids }) => ids.length, config);
    return dryRun(model, few, { ...config, batchSize: partsOf(config) }, 1);
  },

  foresee: (model, { train }, config) =>
    foreseenSteps(stepsOf(train, config), (some) => dryRun(model, train, config, some)),

  async run({ runtime, base, data: { train, heldOut }, config, session }) {
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const trainer = new NetworkTrainer(runtime, network, config);
    const trainers = { policy: trainer };
    await session.restore(trainers);
    const batching = { rows: config.microBatchSize, padId: base.padId, onProgress: session.checkInterrupt };
    const measure = () => heldOutLoss(trainer, heldOut, batching);
    const before = await session.note("heldOutLoss", intervalSchema.nullable(), measure);

    const steps = stepsOf(train, config);
    const finished = await session.train(sft(trainer, train, base.padId, config, session.step), {
      trainers,
      steps,
      warmup: warmupSteps(steps, config),
      unit: "steps",
      figures: ({ loss, mean_token_accuracy: accuracy }) => ({ loss, accuracy }),
    });
    if (!finished) return undefined;

    const after = await measure();
    await savePolicy(session.out, base, network);
    return {
      steps: session.step,
      demonstrations: train.length,
      heldOut: heldOut.length,
      ...(before && after && { lossBefore: before, lossAfter: after, perplexity: perplexityOf(after) }),
    };
  },

  report: ({ heldOut, lossBefore: before, lossAfter: after, perplexity }) =>
    before && after && perplexity
      ? [
          [
            "held-out loss",
            `${formatNumber(before.estimate)} before, ${formatInterval(after)} after, on ${heldOut} demonstrations`,
          ],
          ["perplexity", formatInterval(perplexity)],
        ]
      : [],
});

/** Whether there is no text to imitate. */
const ENDLESS =
  "the chat template ends an answer with no token of its own: after training the model may go on and on. Give it a template that writes its end-of-sequence token after an answer";

/** Whether the row is a conversation, which a chat template writes. */
const isChat = (row: Demonstration): boolean =>
  row.kind === "messages" || (row.kind === "completion" && typeof row.prompt !== "string");

function isAnswerless(row: Demonstration): boolean {
  const isBlank = (text: string): boolean => text.trim() === "";
  const areBlank = (messages: readonly ChatMessage[]): boolean =>
    messages.every(
      ({ role, content = "", tool_calls, reasoning_content }) =>
        role !== "assistant" || (isBlank(content) && !tool_calls && !reasoning_content),
    );
  if (row.kind === "text") return isBlank(row.text);
  if (row.kind === "messages") return areBlank(row.messages);
  return typeof row.completion === "string" ? isBlank(row.completion) : areBlank(row.completion);
}

const isRead = ({ lossMask: read }: TokenizedText): boolean => read.some((one, t) => one && t > 0);

const stepsOf = (train: readonly TokenizedText[], config: SftConfig): number =>
  sftSteps(config.packing ? packSequences(train, config.maxLength).length : train.length, config);

/** Counts some steps without computing them. */
const dryRun = (
  model: ModelShape,
  examples: readonly TokenizedText[],
  config: SftConfig,
  steps: number,
): Promise<CountingRuntime> =>
  counted(model, config, "none", steps, (trainer) => sft(trainer, examples, model.padId, config));

/** Mean negative log-probability of the tokens in the loss, with its interval over conversations; null without any. */
async function heldOutLoss(
  runner: NetworkRunner,
  examples: readonly HeldOut[],
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
