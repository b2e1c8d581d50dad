/**
 * Online DPO (Guo et al. 2024, Direct Language Model Alignment from Online AI Feedback): DPO on pairs that the policy has
 * just sampled, judged by rewards.
 *
 *   y_1 .. y_G ~ pi_old(. | x),   chosen = the highest reward, rejected = the lowest,
 *   loss = mean over the prompts' pairs of DPO's l,   d = (log pi - log pi_ref)(chosen) - (log pi - log pi_ref)(rejected).
 *
 * The paper has G = 2; with more, best and worst are compared. The losses are DPO's own, from dpo.ts. A prompt whose
 * responses have equal rewards, or fewer than two that are known, gives no pair: TRL takes the first one for the better. Log-probabilities
 * are at the sampling temperature, as in all methods that sample here; TRL's are at 1.
 */
import { z } from "zod";
import { mapConcurrent } from "../base/concurrent.js";
import { grouped } from "../base/setting-groups.js";
import { chunks } from "../model/batch.js";
import type { Learner, Model } from "../model/learner.js";
import { tokenReadings } from "../model/token-readings.js";
import type { Named, TokensRead, Traced } from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { rankedRight } from "../statistics/estimates.js";
import { longerSide, ofSide } from "./answers.js";
import { type DpoConfig, type DpoPair, dpoLoss, pairValues } from "./dpo.js";
import { checkFinite } from "./finite.js";
import { groupSettings, groupSizeSchema } from "./group-config.js";
import { bestOf, isSilent, promptsPerIteration, sampleGroups } from "./groups.js";
import { minibatch } from "./order.js";
import type { Actors, PromptTokens, Rollout } from "./rollout.js";
import { sampledMetrics } from "./rollout-metrics.js";
import { meanOf, sumOf } from "./statistics.js";
import type { Step } from "./step.js";

/** Settings of a run of online DPO. */
export const onlineDpoSchema = grouped(
  groupSettings.extend({
    groupSize: groupSizeSchema.default(2),
    microBatchSize: groupSettings.shape.microBatchSize.describe(
      "Rows in memory at once, half as many pairs; does not change the loss.",
    ),
    miniBatches: groupSettings.shape.miniBatches.describe(
      "Updates per epoch; must divide the prompts of an iteration, batchSize / groupSize.",
    ),
    beta: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe("How firmly the reference holds the policy back; null: 0.1, for sigmoid-norm 5."),
    lossType: z
      .enum(["sigmoid", "sigmoid-norm", "hinge", "ipo"])
      .default("sigmoid")
      .describe("DPO's losses: sigmoid, sigmoid-norm (per token), hinge, ipo."),
  }),
  { training: ["groupSize"], memory: ["microBatchSize"] },
);
/** Settings of online DPO with their defaults filled in; `onlineDpoSchema` says what each means and its range. */
export type OnlineDpoConfig = z.infer<typeof onlineDpoSchema>;

/**
 * What online DPO works with: the policy that learns, those that sample, judge and hold it back, and the prompts, drawn in
 * an order of the seed.
 */
export interface OnlineDpoSetup extends Actors {
  policy: Learner;
  prompts: readonly PromptTokens[];
}

/** A response, and which side of its prompt's pair it is, if one. */
export interface Paired extends Rollout {
  side: "chosen" | "rejected" | null;
}

/** The places of the highest and the lowest known reward; undefined where they are equal, or fewer than two are known. */
export function bestAndWorst(
  rewards: readonly (number | null)[],
): { chosen: number; rejected: number } | undefined {
  const chosen = bestOf(rewards);
  const rejected = bestOf(rewards.map((reward) => (reward === null ? null : -reward)));
  if (isSilent(rewards) || chosen === undefined || rejected === undefined) return undefined;
  return { chosen, rejected };
}

/** Trains, and yields after each iteration. @param startIteration iterations done by an earlier run. */
export async function* onlineDpo(
  setup: OnlineDpoSetup,
  config: OnlineDpoConfig,
  startIteration = 0,
): AsyncGenerator<Step<Paired>> {
  const { policy, padId } = setup;
  const { iterations, epochs, miniBatches } = config;
  const prompts = promptsPerIteration(config);
  const warmup = warmupSteps(iterations, config);

  for (let iteration = startIteration; iteration < iterations; iteration++) {
    // 1. G responses to each prompt, and their rewards.
    const groups = await sampleGroups(setup, config, iteration, "online-dpo");

    // 2. A pair of each prompt whose rewards differ.
    const places = groups.map((group) => bestAndWorst(group.map(({ reward }) => reward)));
    const pairs = groups.map((group, g) => pairOf(group, places[g]));
    const responses = groups.flatMap((group, g) =>
      group.map((r, i): Paired => {
        const side = i === places[g]?.chosen ? "chosen" : i === places[g]?.rejected ? "rejected" : null;
        return { ...r, side };
      }),
    );

    // 3. DPO on the pairs; an iteration without any learns nothing.
    const rate = learningRate(iteration, config.learningRate, config.schedule, warmup, iterations);
    const updates: OnlineDpoUpdate[] = [];
    for (let update = 0; update < epochs * miniBatches; update++) {
      const drawn = minibatch({ ...config, batchSize: prompts }, iteration, update, "online-dpo/epoch");
      const batch = drawn.flatMap((i) => pairs[i] ?? []);
      if (batch.length === 0) continue;
      const result = await updateOnce(policy, batch, config, padId, rate);
      checkFinite("online-dpo", iteration + 1, { loss: result.loss });
      updates.push(result);
    }

    // 4. Metrics.
    const metrics = {
      ...sampledMetrics(responses),
      frac_reward_zero_std: meanOf(
        groups.map((group) => (isSilent(group.map(({ reward }) => reward)) ? 1 : 0)),
      ),
      pairs: places.filter((own) => own !== undefined).length,
      ...(updates.length > 0 && updateMetrics(updates)),
      updates: updates.length,
      learning_rate: rate,
      episode: (iteration + 1) * config.batchSize,
    };
    const tokens = responses.reduce((n, { completion }) => n + completion.ids.length, 0);
    yield { step: iteration + 1, steps: iterations, metrics, rollouts: responses, tokens };
  }
}

function pairOf(
  group: readonly Rollout[],
  places: { chosen: number; rejected: number } | undefined,
): DpoPair | undefined {
  if (places === undefined) return undefined;
  const [chosen, rejected] = [group[places.chosen], group[places.rejected]];
  return {
    chosen: chosen.sequence,
    rejected: rejected.sequence,
    reference: { chosen: chosen.referenceLogProbs, rejected: rejected.referenceLogProbs },
  };
}

/** Figures of one update, means over its pairs; the norm before clipping. */
interface OnlineDpoUpdate {
  loss: number;
  /** Implicit rewards. */
  chosen: number;
  rejected: number;
  /** Share of the pairs whose chosen answer has the higher one. */
  accuracy: number;
  gradNorm: number;
}

/** The loss of a micro-batch: what is traced. */
function onlineDpoStep(
  p: Model,
  x: Traced<TokensRead & Named<"reference" | "sequence" | "lengths" | "noise" | "share">>,
  { temperature, lossType, beta }: Pick<OnlineDpoConfig, "temperature" | "lossType" | "beta">,
) {
  const { logProbs } = tokenReadings(p, x, { temperature, differentiable: true });
  const { loss, rewards } = dpoLoss({ ...x, logProbs }, { ...PLAIN, lossType, beta });
  return { loss, rewards };
}
/** What DPO has and is not asked for here. */
const PLAIN = { gamma: null, sftWeight: 0, referenceFree: false } as const satisfies Partial<DpoConfig>;

/** One update from the pairs of a mini-batch, as the sum of its micro-batches' gradients. */
export async function updateOnce(
  policy: Learner,
  pairs: readonly DpoPair[],
  config: OnlineDpoConfig,
  padId: number,
  rate: number,
): Promise<OnlineDpoUpdate> {
  const { temperature, lossType, beta, packing, parallel } = config;
  const microBatchSize = Math.max(1, Math.floor(config.microBatchSize / 2));
  const layout = { microBatchSize, packing, padId, window: policy.config.slidingWindow, labelSmoothing: 0 };
  const longestFirst = [...pairs].sort((a, b) => longerSide(b) - longerSide(a));
  const outputs = await mapConcurrent(parallel, chunks(longestFirst, microBatchSize), (part) =>
    policy.differentiate(onlineDpoStep, pairValues(part, pairs.length, layout), {
      temperature,
      lossType,
      beta,
    }),
  );
  const rewards = outputs.map((out) => out.rewards);
  const [chosen, rejected] = [
    ofSide(pairs.length, rewards, "chosen"),
    ofSide(pairs.length, rewards, "rejected"),
  ];
  return {
    loss: sumOf(outputs.map((out) => out.loss[0] as number)),
    chosen: meanOf(chosen),
    rejected: meanOf(rejected),
    accuracy: meanOf(chosen.map((own, i) => rankedRight({ chosen: own, rejected: rejected[i] }))),
    gradNorm: await policy.update(rate),
  };
}

/** Means over an iteration's updates, under DPO's names, and the loss of the first alone. */
function updateMetrics(updates: readonly OnlineDpoUpdate[]): Record<string, number> {
  const mean = (key: keyof OnlineDpoUpdate): number => meanOf(updates.map((u) => u[key]));
  return {
    loss: mean("loss"),
    "first/loss": updates[0].loss,
    "rewards/chosen": mean("chosen"),
    "rewards/rejected": mean("rejected"),
    "rewards/margins": mean("chosen") - mean("rejected"),
    "rewards/accuracies": mean("accuracy"),
    grad_norm: mean("gradNorm"),
  };
}
