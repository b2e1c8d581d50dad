/** DPO and its family on preferences, from files or a project. */

import {
  type AnswerPair,
  longerSide,
  type PairLogProbs,
  pairsOfSides,
  tokensReadOf,
} from "../../algorithms/answers.js";
import {
  checkDpo,
  type DpoConfig,
  type DpoPair,
  dpo,
  dpoSchema,
  dpoSteps,
  implicitRewards,
  pairLogProbs,
  readsNoise,
  readsReference,
} from "../../algorithms/dpo.js";
import { meanOf, sumOf } from "../../algorithms/statistics.js";
import { formatNumber } from "../../base/format.js";
import { loadPreferences, preferencesOf } from "../../data/index.js";
import { copiedNetwork, FollowingNetwork } from "../../model/following-network.js";
import type { Network } from "../../model/network.js";
import { NetworkTrainer } from "../../model/runner.js";
import { warmupSteps } from "../../optim/index.js";
import { savePolicy, trainableNetwork } from "../base.js";
import { doubtOfChosen, driftOf, pairFigures, reportDrift, reportPairs } from "../direct-run.js";
import { aspectSetting, directRunSettings, encodePairs, unreadOfPairs } from "../direct-settings.js";
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

const schema = dpoSchema.extend({
  ...modelSettings,
  ...judgedDataSettings,
  aspect: aspectSetting,
  ...memorySettings,
  ...directRunSettings,
  ...runSettings,
});

export const dpoMethod = defineMethod({
  name: "dpo",
  description:
    "Trains a policy on preferences directly, without a reward model and without sampling: DPO, IPO, SLiC's hinge, SimPO, and " +
    "losses that know how often labels are wrong. The reference's log-probabilities are computed once and kept in the runs' " +
    "folder. Start from a fine-tuned model (plumb sft).",
  examples: [
    {
      command: "plumb dpo --model m.gguf --data pairs.jsonl --set lora.r=16 --learning-rate 1e-5",
      does: "train a LoRA adapter",
    },
    {
      command: "plumb dpo --model folder --project p-... --db plumb.db --loss-type robust",
      does: "train on a project's votes, with each pair's own probability of a wrong label",
    },
    {
      command: "plumb dpo ... --loss-type simpo --sft-weight 0",
      does: "SimPO: no reference",
    },
    { command: "plumb dpo recipes/dpo.yaml", does: "with the settings of a recipe" },
  ],
  schema,
  read(config, warn) {
    checkDpo(config);
    return loadJudged(config, "preferences", loadPreferences, preferencesOf, warn);
  },

  encode(rows, reader, config) {
    const data = encodePairs(rows, reader, config);
    const unread = unreadOfPairs(rows, `lossType ${config.lossType}`, [
      ...(readsNoise(config) ? [] : ["noise" as const]),
      "margin",
    ]);
    return { ...data, warnings: [...(data.warnings ?? []), ...unread] };
  },

  heaviest: (model, { train }, config) =>
    dryRun(model, heaviest(train, longerSide, config), { ...config, batchSize: partsOf(config) }, 1),

  async foresee(model, { train }, config) {
    const count = (some: number) => dryRun(model, train, config, some);
    return foreseenSteps(dpoSteps(train.length, config), count, await referenceFlops(model, train, config));
  },

  async run(job) {
    const { runtime, base, data, config, session } = job;
    const { train, heldOut, prompts } = data;
    const rows = 2 * config.microBatchSize;

    // 1. log pi_ref of every answer, once; a reference that moves is asked at each step instead.
    const moves = config.syncEvery !== null;
    const compared = readsReference(config) ? [...(moves ? [] : train), ...heldOut] : [];
    const sides = compared.flatMap(({ chosen, rejected }) => [chosen, rejected]);
    const logProbs = await referenceLogProbs(job, sides, rows);
    const references = pairsOfSides(logProbs);
    const ofHeldOut = references.slice(references.length - heldOut.length);
    const pairs = train.map(
      (pair, i): DpoPair => ({ ...pair, reference: moves ? undefined : references[i] }),
    );

    // 2. The policy, and a reference that follows it.
    const network = trainableNetwork(runtime, base, config.lora, config.seed);
    const policy = new NetworkTrainer(runtime, network, config);
    const following = moves
      ? new FollowingNetwork(runtime, network, await copiedNetwork(runtime, network))
      : undefined;
    const trainers = { policy };
    const kept: Record<string, Network> = following ? { reference: following.network } : {};
    await session.restore(trainers, kept);

    // 3. DPO.
    const setup = { policy, pairs, padId: base.padId, moving: following };
    const steps = dpoSteps(train.length, config);
    const finished = await session.train(dpo(setup, config, session.step), {
      trainers,
      kept,
      steps,
      warmup: warmupSteps(steps, config),
      unit: "steps",
      figures: (metrics) => ({ loss: metrics.loss, accuracy: metrics["rewards/accuracies"] }),
      doubt: (metrics) => doubtOfChosen(metrics["logps/chosen_change"], REMEDY),
    });
    if (!finished) return undefined;

    // 4. How it tells held-out pairs apart, and how far it went.
    const own = await pairLogProbs(policy, heldOut, base.padId, config, session.checkInterrupt);
    const figures = heldOut.length > 0 ? heldOutFigures(heldOut, own, ofHeldOut, config) : undefined;
    const drift = await driftOf(job, policy, prompts);
    await savePolicy(session.out, base, network);
    return {
      steps: session.step,
      lossType: config.lossType,
      trainPairs: train.length,
      heldOutPairs: heldOut.length,
      ...figures,
      ...(drift && { drift }),
    };
  },

  report: ({ accuracy, margin, heldOutPairs, chosenChange, drift }) => [
    ...reportPairs({ accuracy, margin }, heldOutPairs, "of implicit rewards"),
    ...(chosenChange !== undefined
      ? [["chosen", `${formatNumber(chosenChange)} nats a token from where they were`] as const]
      : []),
    ...reportDrift(drift),
  ],
});

const REMEDY = "An SFT term (sftWeight), a lower learning rate or a higher beta keeps them.";

/** How held-out pairs are told apart by implicit reward, and the chosen answers' change in nats a token. */
function heldOutFigures(
  heldOut: readonly (AnswerPair & { conversation: string })[],
  own: readonly PairLogProbs[],
  references: readonly PairLogProbs[],
  config: DpoConfig,
) {
  const rewards = own.map((logProbs, i) => implicitRewards(logProbs, references[i], config));
  const changes = own.map(
    ({ chosen }, i) => (sumOf(chosen) - sumOf(references[i]?.chosen ?? [])) / Math.max(1, chosen.length),
  );
  return {
    ...pairFigures(
      rewards,
      heldOut.map(({ conversation }) => conversation),
    ),
    ...(readsReference(config) && { chosenChange: meanOf(changes) }),
  };
}

/** Counts some steps without computing them. */
const dryRun = (model: ModelShape, pairs: readonly AnswerPair[], config: DpoConfig, steps: number) =>
  counted(model, config, "none", steps, async function* (policy) {
    const unknown = (side: AnswerPair["chosen"]) => new Float32Array(tokensReadOf(side));
    const given = pairs.map((pair) => ({
      ...pair,
      reference: { chosen: unknown(pair.chosen), rejected: unknown(pair.rejected) },
    }));
    const { runtime, network } = policy;
    const moving = config.syncEvery
      ? new FollowingNetwork(runtime, network, await copiedNetwork(runtime, network))
      : undefined;
    yield* dpo({ policy, pairs: given, padId: model.padId, moving }, config);
  });

/** Operations of the reference's log-probabilities of all pairs, from those of some of them. */
async function referenceFlops(
  model: ModelShape,
  pairs: readonly AnswerPair[],
  config: DpoConfig,
): Promise<number> {
  if (!readsReference(config) || config.syncEvery !== null) return 0;
  const some = pairs.slice(0, STEPS_COUNTED * config.batchSize);
  const { runtime, scorer } = countedScorer(model);
  await pairLogProbs(scorer, some, model.padId, config);
  return (runtime.flops * pairs.length) / some.length;
}
