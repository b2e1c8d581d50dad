/** KTO on answers that are each judged by themselves, from files or a project. */
import type { LabelledAnswer } from "../../algorithms/answers.js";
import {
  checkKto,
  type KtoConfig,
  kto,
  ktoSchema,
  ktoSteps,
  labelledSequence,
  mismatched,
} from "../../algorithms/kto.js";
import { PlumbError } from "../../base/errors.js";
import { formatNumber } from "../../base/format.js";
import {
  conversationKey,
  encodeUnpaired,
  holdOut,
  loadUnpaired,
  type UnpairedRow,
  unpairedNames,
  unpairedOf,
} from "../../data/index.js";
import type { Sequence } from "../../model/batch.js";
import { NetworkTrainer } from "../../model/runner.js";
import { logRatio, sequenceLogProbs } from "../../model/score.js";
import { warmupSteps } from "../../optim/index.js";
import { clustersOf } from "../../statistics/clusters.js";
import { formatInterval } from "../../statistics/format-interval.js";
import { pooledMeanInterval } from "../../statistics/means.js";
import type { ClusterInterval } from "../../statistics/rates.js";
import { savePolicy, trainableNetwork } from "../base.js";
import { driftOf, reportDrift } from "../direct-run.js";
import { directRunSettings, LeftOut, promptsToAnswer } from "../direct-settings.js";
import {
  counted,
  countedScorer,
  foreseenSteps,
  heaviest,
  type ModelShape,
  partsOf,
  STEPS_COUNTED,
} from "../dry-run.js";
import { defineMethod } from "../method.js";
import { referenceLogProbs } from "../reference-log-probs.js";
import { loadJudged } from "../rows.js";
import { judgedDataSettings, memorySettings, modelSettings, runSettings } from "../settings.js";

const schema = ktoSchema.extend({
  ...modelSettings,
  ...judgedDataSettings,
  ...memorySettings,
  ...directRunSettings,
  ...runSettings,
});

/** An answer that is kept to measure on, and the conversation that it belongs to. */
export type HeldOutAnswer = LabelledAnswer & { conversation: string };

export const ktoMethod = defineMethod({
  name: "kto",
  description:
    "Trains a policy on answers that were each called good or bad, not compared: thumbs up and down. Pairs are read as one good and " +
    "one bad answer; of a project, safety labels. Start from a fine-tuned model (plumb sft).",
  examples: [
    { command: "plumb kto --model m.gguf --data thumbs.jsonl --set lora.r=16", does: "train a LoRA adapter" },
    {
      command: "plumb kto --model folder --data thumbs.jsonl --undesirable-weight 3",
      does: "with three times as many good answers as bad ones",
    },
    { command: "plumb kto recipes/kto.yaml", does: "with the settings of a recipe" },
  ],
  schema,
  read(config, warn) {
    checkKto(config);
    return loadJudged(config, "safety", loadUnpaired, unpairedOf, warn);
  },

  encode(rows, reader, config) {
    const { holdOut: share, maxLength } = config;
    const split = holdOut(rows, share, unpairedNames);
    const left = new LeftOut(rows.length, "answers");
    const encoded = (row: UnpairedRow): LabelledAnswer[] => {
      const { ids, lossMask } = encodeUnpaired(reader.tokenizer, row);
      const first = lossMask.indexOf(true);
      if (first < 1) return left.out("have no prompt before them", row.where);
      const { label, weight } = row;
      const answer = { prompt: ids.slice(0, first), completion: ids.slice(first), label };
      return [weight === undefined ? answer : { ...answer, weight }];
    };
    const train = split.train.flatMap(encoded);
    const heldOut = split.heldOut.flatMap((row) =>
      encoded(row).map(
        (answer): HeldOutAnswer => ({ ...answer, conversation: conversationKey(row.prompt, row.completion) }),
      ),
    );
    const good = train.filter(({ label }) => label).length;
    checkLabels(good, train.length);
    const cut = [...train, ...heldOut].filter((one) => one.prompt.length + one.completion.length > maxLength);
    return {
      train,
      heldOut,
      texts: train.map((one) => sequenceOf(one, config).ids),
      prompts: promptsToAnswer(split.heldOut, reader, config),
      warnings: [...left.reasons(), ...unevenLabels(good, train.length, config)],
      said: [
        `${train.length} answers to train on, ${good} of them good, ${heldOut.length} held out` +
          (cut.length > 0 ? `; ${cut.length} are cut to ${maxLength} tokens` : ""),
      ],
    };
  },

  heaviest(model, { train }, config) {
    const few = heaviest(train, (one) => sequenceOf(one, config).ids.length, config);
    return dryRun(model, twoOf(few), { ...config, batchSize: Math.max(2, partsOf(config)) }, 1);
  },

  async foresee(model, { train }, config) {
    const count = (some: number) => dryRun(model, train, config, some);
    return foreseenSteps(ktoSteps(train.length, config), count, await referenceFlops(model, train, config));
  },

  async run(job) {
    const { runtime, base, data, config, session } = job;
    const { train, heldOut, prompts } = data;
    const rows = config.microBatchSize;
    const steps = ktoSteps(train.length, config);

    // 1. log pi_ref of every answer, and of the answers to other prompts that each step will estimate the KL by; once.
    const answers = [...train, ...heldOut].map((one) => sequenceOf(one, config));
    const others = Array.from({ length: steps }, (_, step) => mismatched(train, step, config));
    const found = await referenceLogProbs(job, [...answers, ...others.flat()], rows);
    const ofHeldOut = found.slice(train.length, answers.length);
    const reference = {
      answers: found.slice(0, train.length),
      mismatched: others.map((own, step) => {
        const start = answers.length + step * config.batchSize;
        return found.slice(start, start + own.length);
      }),
    };

    // 2. KTO.
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const policy = new NetworkTrainer(runtime, network, config);
    const trainers = { policy };
    await session.restore(trainers);
    const setup = { policy, answers: train, reference, padId: base.padId };
    const finished = await session.train(kto(setup, config, session.step), {
      trainers,
      steps,
      warmup: warmupSteps(steps, config),
      unit: "steps",
      figures: (metrics) => ({ loss: metrics.loss, KL: metrics.kl }),
    });
    if (!finished) return undefined;

    // 3. How it tells held-out answers apart, and how far it went.
    const batching = { rows, padId: base.padId, packing: config.packing, onProgress: session.checkInterrupt };
    const own = await sequenceLogProbs(policy, answers.slice(train.length), batching);
    const rewards = own.map((logProbs, i) => config.beta * logRatio(logProbs, ofHeldOut[i]));
    const drift = await driftOf(job, policy, prompts);
    await savePolicy(session.out, base, network);
    return {
      steps: session.step,
      trainAnswers: train.length,
      heldOutAnswers: heldOut.length,
      ...heldOutFigures(rewards, heldOut),
      ...(drift && { drift }),
    };
  },

  report: ({ rewardGood, rewardBad, heldOutAnswers, drift }) => [
    ...(rewardGood
      ? [
          [
            "good answers",
            `reward ${formatInterval(rewardGood)}, on ${heldOutAnswers} held-out answers`,
          ] as const,
        ]
      : []),
    ...(rewardBad ? [["bad answers", `reward ${formatInterval(rewardBad)}`] as const] : []),
    ...reportDrift(drift),
  ],
});

const sequenceOf = (
  { prompt, completion }: LabelledAnswer,
  { maxLength }: Pick<KtoConfig, "maxLength">,
): Sequence => labelledSequence(prompt, completion, maxLength);

/** @throws PlumbError if there is nothing to tell apart. */
function checkLabels(good: number, answers: number): void {
  if (answers < 2)
    throw new PlumbError(
      `KTO needs at least two answers to train on; there ${answers === 1 ? "is one" : "are none"}`,
    );
  if (good > 0 && good < answers) return;
  throw new PlumbError(
    `all ${answers} answers are labelled ${good === 0 ? "bad" : "good"}: KTO learns from both`,
    {
      hint: good === 0 ? "Add good answers." : "plumb sft learns from good answers alone.",
    },
  );
}

/** Ratio of the labels' weights that the paper recommends at most. */
const LARGEST_RATIO = 4 / 3;

/** What the paper says of labels that are not equally frequent: lambda_D n_D / (lambda_U n_U) in [1, 4/3]. */
function unevenLabels(
  good: number,
  answers: number,
  { desirableWeight, undesirableWeight }: Pick<KtoConfig, "desirableWeight" | "undesirableWeight">,
): string[] {
  const bad = answers - good;
  const ratio = (desirableWeight * good) / (undesirableWeight * bad);
  if (ratio >= 0.5 && ratio <= 2 * LARGEST_RATIO) return [];
  const side = ratio > 1 ? "undesirableWeight" : "desirableWeight";
  const wanted = ratio > 1 ? (desirableWeight * good) / bad : (undesirableWeight * bad) / good;
  return [
    `${good} answers are good and ${bad} bad: with these weights one kind counts ${formatNumber(Math.max(ratio, 1 / ratio))} times ` +
      `as much as the other; ${side} ${formatNumber(wanted)} would balance them`,
  ];
}

/** Mean implicit rewards of held-out answers of each kind; intervals are over conversations, at 95%. */
function heldOutFigures(rewards: readonly number[], heldOut: readonly HeldOutAnswer[]) {
  const ofLabel = (label: boolean): ClusterInterval | undefined => {
    const own = heldOut.flatMap((one, i) => (one.label === label ? [i] : []));
    const keys = own.map((i) => heldOut[i].conversation);
    return own.length === 0
      ? undefined
      : pooledMeanInterval(
          clustersOf(
            own.map((i) => rewards[i]),
            keys,
          ),
        );
  };
  const [rewardGood, rewardBad] = [ofLabel(true), ofLabel(false)];
  return { ...(rewardGood && { rewardGood }), ...(rewardBad && { rewardBad }) };
}

/** At least two answers, the one twice. */
const twoOf = (answers: readonly LabelledAnswer[]): readonly LabelledAnswer[] =>
  answers.length > 1 ? answers : [...answers, ...answers];

/** Counts some steps without computing them. */
function dryRun(model: ModelShape, answers: readonly LabelledAnswer[], config: KtoConfig, steps: number) {
  const unknown = ({ lossMask }: Sequence) => new Float32Array(lossMask.filter(Boolean).length);
  const reference = {
    answers: answers.map((one) => unknown(sequenceOf(one, config))),
    mismatched: Array.from({ length: steps }, (_, step) => mismatched(answers, step, config).map(unknown)),
  };
  return counted(model, config, "none", steps, (policy) =>
    kto({ policy, answers, reference, padId: model.padId }, config),
  );
}

/** Operations of the reference's log-probabilities of all answers and of each step's, from those of some of them. */
async function referenceFlops(
  model: ModelShape,
  answers: readonly LabelledAnswer[],
  config: KtoConfig,
): Promise<number> {
  const some = answers.slice(0, STEPS_COUNTED * config.batchSize).map((one) => sequenceOf(one, config));
  const { runtime, scorer } = countedScorer(model);
  const { microBatchSize: rows, packing } = config;
  await sequenceLogProbs(scorer, some, { rows, padId: model.padId, packing });
  const times = answers.length + ktoSteps(answers.length, config) * config.batchSize;
  return (runtime.flops * times) / some.length;
}
