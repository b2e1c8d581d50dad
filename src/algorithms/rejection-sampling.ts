/**
 * Rejection sampling with fine-tuning (Dong et al. 2023, RAFT; as in Llama 2, Touvron et al. 2023): the policy imitates the
 * best of its own responses.
 *
 *   y_1 .. y_n ~ pi_old(. | x),   y* = the response of the highest reward,
 *   loss = - sum over prompts and tokens of log pi(y*_t | x, y*_<t) / tokens of the best responses of the update.
 *
 * The first response wins where several are best. No KL holds the policy back: what does is that each iteration moves it
 * towards the best of n of itself, whose KL from it is at most log n - (n - 1) / n (Stiennon et al. 2020; Beirami et al. 2024).
 * One iteration over all prompts, with several epochs, is best of n and then fine-tuning; many small ones are RAFT. Not
 * implemented: a threshold that a response has to pass (ReST).
 */
import { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import type { Learner } from "../model/learner.js";
import { scalar, tokensRead } from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { checkFinite } from "./finite.js";
import { groupSettings } from "./group-config.js";
import { bestOf, isSilent, promptsPerIteration, sampleGroups } from "./groups.js";
import { minibatch } from "./order.js";
import { overResponses } from "./response-batches.js";
import type { Actors, PromptTokens, Rollout } from "./rollout.js";
import { sampledMetrics } from "./rollout-metrics.js";
import { negativeLogLikelihood } from "./sft.js";
import { meanOf, Sums } from "./statistics.js";
import type { Step } from "./step.js";

/** Settings of a run of rejection sampling. */
export const rejectionSchema = grouped(
  groupSettings.extend({
    epochs: groupSettings.shape.epochs.describe("Passes over the best responses of an iteration."),
    miniBatches: groupSettings.shape.miniBatches.describe(
      "Updates per epoch; must divide the prompts of an iteration, batchSize / groupSize.",
    ),
    temperature: z.number().positive().max(10).default(1).describe("Divides the logits in sampling."),
  }),
  { sampling: ["temperature"] },
);
/** Settings of rejection sampling with their defaults filled in; `rejectionSchema` says what each means and its range. */
export type RejectionConfig = z.infer<typeof rejectionSchema>;

/**
 * What rejection sampling works with: the policy that learns, those that sample and judge, the reference that its KL is
 * reported against, and the prompts, drawn in an order of the seed.
 */
export interface RejectionSetup extends Actors {
  policy: Learner;
  prompts: readonly PromptTokens[];
}

/** A response, and whether it is the best of its group, which is learned. */
export interface Candidate extends Rollout {
  best: boolean;
}

/** Trains, and yields after each iteration. @param startIteration iterations done by an earlier run. */
export async function* rejectionSampling(
  setup: RejectionSetup,
  config: RejectionConfig,
  startIteration = 0,
): AsyncGenerator<Step<Candidate>> {
  const { policy, padId } = setup;
  const { iterations, epochs, miniBatches } = config;
  const prompts = promptsPerIteration(config);
  const warmup = warmupSteps(iterations, config);

  for (let iteration = startIteration; iteration < iterations; iteration++) {
    // 1. n responses to each prompt, and their rewards.
    const groups = await sampleGroups(setup, config, iteration, "rejection-sampling");

    // 2. The best of each; a group of which none could be scored has none.
    const winners = groups.map((group) => bestOf(group.map(({ reward }) => reward)));
    const candidates = groups.flatMap((group, g) =>
      group.map((r, i): Candidate => ({ ...r, best: i === winners[g] })),
    );
    const best = groups.map((group, g): Rollout | undefined => group[winners[g] ?? Number.NaN]);

    // 3. Fine-tuning on them.
    const rate = learningRate(iteration, config.learningRate, config.schedule, warmup, iterations);
    const updates: RejectionUpdate[] = [];
    for (let update = 0; update < epochs * miniBatches; update++) {
      const drawn = minibatch(
        { ...config, batchSize: prompts },
        iteration,
        update,
        "rejection-sampling/epoch",
      );
      const rows = drawn.flatMap((i) => best[i] ?? []);
      if (rows.length === 0) continue;
      const result = await updateOnce(policy, rows, config, padId, rate);
      checkFinite("rejection-sampling", iteration + 1, { loss: result.loss });
      updates.push(result);
    }

    // 4. Metrics.
    const mean = (key: keyof RejectionUpdate): number => meanOf(updates.map((u) => u[key]));
    const metrics = {
      ...sampledMetrics(candidates),
      "objective/best_scores": meanOf(best.flatMap((r) => r?.reward ?? [])),
      frac_reward_zero_std: meanOf(
        groups.map((group) => (isSilent(group.map(({ reward }) => reward)) ? 1 : 0)),
      ),
      loss: mean("loss"),
      mean_token_accuracy: mean("accuracy"),
      grad_norm: mean("gradNorm"),
      updates: updates.length,
      learning_rate: rate,
      episode: (iteration + 1) * config.batchSize,
    };
    const tokens = candidates.reduce((n, { completion }) => n + completion.ids.length, 0);
    yield { step: iteration + 1, steps: iterations, metrics, rollouts: candidates, tokens };
  }
}

/** Figures of one update, means over its tokens; the norm before clipping. */
interface RejectionUpdate {
  loss: number;
  /** Share of the tokens that were the likeliest. */
  accuracy: number;
  gradNorm: number;
}

/** One update towards responses, as the sum of its micro-batches' gradients. */
export async function updateOnce(
  policy: Learner,
  rows: readonly Rollout[],
  { microBatchSize, packing, parallel }: Pick<RejectionConfig, "microBatchSize" | "packing" | "parallel">,
  padId: number,
  rate: number,
): Promise<RejectionUpdate> {
  const tokens = rows.reduce((n, { completion }) => n + completion.ids.length, 0);
  const cut = { microBatchSize, packing, parallel, padId, window: policy.config.slidingWindow };
  const outputs = await overResponses(rows, cut, ({ batch }) =>
    policy.differentiate(negativeLogLikelihood, { ...tokensRead(batch), scale: scalar(1 / tokens) }, {}),
  );
  const sums = new Sums<"loss" | "correct">();
  for (const out of outputs) sums.add(out);
  return {
    loss: sums.of("loss"),
    accuracy: sums.of("correct") / tokens,
    gradNorm: await policy.update(rate),
  };
}
