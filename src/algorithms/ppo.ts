/**
 * Proximal policy optimisation for language models (Schulman et al. 2017; Ziegler et al. 2019; Stiennon et al. 2020;
 * "The N+ implementation details of RLHF with PPO", Huang et al. 2024).
 *
 * One iteration samples responses, scores them, subtracts a KL penalty to the reference at every token, estimates
 * advantages with a value model, and then makes a few epochs of clipped updates of policy and value. All means are over
 * response tokens, never over padding. Metrics have TRL's names.
 */
import { PlumbError } from "../base/errors.js";
import type { Learner, Model } from "../model/learner.js";
import { sequenceValues } from "../model/score.js";
import { readValues } from "../model/sequence-programs.js";
import { tokenReadings } from "../model/token-readings.js";
import { type Named, scalar, type TokensRead, type Traced, tokensRead } from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import {
  add,
  cast,
  clip,
  exp,
  less,
  maximum,
  minimum,
  mul,
  neg,
  square,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.js";
import { checkFinite } from "./finite.js";
import { batchIndices, exactDivision, minibatch } from "./order.js";
import type { PpoConfig } from "./ppo-config.js";
import { rolloutMetrics, type UpdateMetrics, updateMetrics } from "./ppo-metrics.js";
import { overResponses } from "./response-batches.js";
import { type Actors, isScored, type PromptTokens, type Rollout, rollout } from "./rollout.js";
import { samplerGap } from "./rollout-metrics.js";
import { moments, Sums } from "./statistics.js";
import type { Step } from "./step.js";

export { type PpoConfig, ppoSchema } from "./ppo-config.js";
export { sequenceKl } from "./rollout-metrics.js";

/**
 * What PPO works with: the policy and the value network that learn, those that sample, judge and hold back, and the
 * prompts, drawn in an order of the seed.
 */
export interface PpoSetup extends Actors {
  policy: Learner;
  value: Learner;
  prompts: readonly PromptTokens[];
}

/** What must be kept between iterations, besides parameters and optimiser state. */
export interface PpoState {
  /** Iterations done. */
  iteration: number;
  /** The KL coefficient. */
  beta: number;
}

/** A rollout with its values, rewards and advantages; arrays have one entry per response token. */
export interface Trajectory extends Rollout {
  reward: number;
  values: Float32Array;
  /** `reward` after the rules for a missing EOS and clipping. */
  score: number;
  tokenRewards: Float64Array;
  advantages: Float64Array;
  returns: Float64Array;
}

// ---------------------------------------------------------------------------------------------------------------
// The maths, as small pure functions.

/**
 * Token rewards: -beta (log pi - log pi_ref), plus the sequence's score at the last token, which is the EOS if the
 * response has one. (TRL 1.12 puts the score at the position after it.)
 */
export function tokenRewards(
  logProbs: ArrayLike<number>,
  referenceLogProbs: ArrayLike<number>,
  score: number,
  beta: number,
): Float64Array {
  const rewards = Float64Array.from(logProbs, (logProb, t) => -beta * (logProb - referenceLogProbs[t]));
  rewards[rewards.length - 1] += score;
  return rewards;
}

/**
 * Generalised advantage estimation (Schulman et al. 2016): d_t = r_t + gamma V_{t+1} - V_t, A_t = d_t + gamma lambda
 * A_{t+1}, with V = 0 after the last token; returns = A + V.
 */
export function advantagesAndReturns(
  rewards: ArrayLike<number>,
  values: ArrayLike<number>,
  gamma: number,
  lambda: number,
): { advantages: Float64Array; returns: Float64Array } {
  const T = rewards.length;
  const advantages = new Float64Array(T);
  let next = 0;
  for (let t = T - 1; t >= 0; t--) {
    const delta = rewards[t] + gamma * (t + 1 < T ? values[t + 1] : 0) - values[t];
    next = delta + gamma * lambda * next;
    advantages[t] = next;
  }
  return { advantages, returns: advantages.map((a, t) => a + values[t]) };
}

/**
 * (x - mean) / sqrt(var + 1e-8) over all entries of all rows, in place; var is the unbiased estimate, as in TRL.
 * @param keepMean adds the mean back, which rewards need.
 */
export function whiten(rows: readonly Float64Array[], keepMean = false): void {
  const { mean, variance } = moments(rows);
  const scale = 1 / Math.sqrt(variance + 1e-8);
  for (const row of rows)
    for (let t = 0; t < row.length; t++) row[t] = (row[t] - mean) * scale + (keepMean ? mean : 0);
}

/** Adaptive KL (Ziegler et al. 2019): beta <- beta (1 + clip(KL / target - 1, -0.2, 0.2) n / horizon). */
export function adaptKlCoefficient(
  beta: number,
  kl: number,
  target: number,
  responses: number,
  horizon: number,
): number {
  return beta * (1 + (Math.min(0.2, Math.max(-0.2, kl / target - 1)) * responses) / horizon);
}

/** The score after the rules for a missing EOS and clipping. @param ended whether the response has an EOS. */
export function finalScore(score: number, ended: boolean, config: PpoConfig): number {
  let final = score;
  if (!ended && config.missingEosScore !== null) final = config.missingEosScore;
  if (!ended && config.missingEosPenalty !== null) final -= config.missingEosPenalty;
  return config.scoreClip === null ? final : Math.min(config.scoreClip, Math.max(-config.scoreClip, final));
}

/**
 * Clipped policy loss, summed over the tokens read: w max(-A rho, -A clip(rho, 1 - eps, 1 + eps)), with rho = exp(new -
 * old). All arguments are [M]; w is 1 for a token read and 0 for padding.
 */
export function policyLoss(
  logProbs: Tensor,
  oldLogProbs: Tensor,
  advantages: Tensor,
  weights: Tensor,
  epsilon: number,
): Record<"loss" | "approxKl" | "clipped" | "ratio" | "ratioSquared", Tensor> {
  const logRatio = mul(sub(logProbs, oldLogProbs), weights);
  const ratio = exp(logRatio);
  const plain = mul(neg(advantages), ratio);
  const limited = mul(neg(advantages), clip(ratio, 1 - epsilon, 1 + epsilon));
  return {
    loss: sum(mul(maximum(plain, limited), weights)),
    approxKl: sum(mul(mul(square(logRatio), 0.5), weights)),
    clipped: sum(mul(cast(less(plain, limited), "f32"), weights)),
    ratio: sum(mul(ratio, weights)),
    ratioSquared: sum(mul(square(ratio), weights)),
  };
}

/**
 * Clipped value loss, summed over the tokens read: w / 2 max((V - R)^2, (clip(V, V_old -+ eps) - R)^2). All arguments
 * are [M]; with `epsilon` null, nothing is clipped.
 */
export function valueLoss(
  values: Tensor,
  oldValues: Tensor,
  returns: Tensor,
  weights: Tensor,
  epsilon: number | null,
): Record<"loss" | "clipped", Tensor> {
  const plain = square(sub(values, returns));
  if (epsilon === null) return { loss: sum(mul(mul(plain, 0.5), weights)), clipped: sum(mul(weights, 0)) };
  const near = minimum(maximum(values, sub(oldValues, epsilon)), add(oldValues, epsilon));
  const limited = square(sub(near, returns));
  return {
    loss: sum(mul(mul(maximum(plain, limited), 0.5), weights)),
    clipped: sum(mul(cast(less(plain, limited), "f32"), weights)),
  };
}

// ---------------------------------------------------------------------------------------------------------------
// The loop.

/** Trains, and yields after each iteration. `state` says where to start and is kept up to date. */
export async function* ppo(
  setup: PpoSetup,
  config: PpoConfig,
  state: PpoState,
): AsyncGenerator<Step<Trajectory>> {
  const { policy, value, prompts, padId } = setup;
  exactDivision(config.batchSize, config.miniBatches, "batchSize / miniBatches");
  if (config.missingEosPenalty !== null && config.missingEosScore !== null) {
    throw new PlumbError("missingEosPenalty and missingEosScore exclude each other");
  }
  const batching = { rows: config.microBatchSize, padId, packing: config.packing };
  const updatesPerIteration = config.epochs * config.miniBatches;
  const warmup = warmupSteps(config.iterations, config);

  for (let iteration = state.iteration; iteration < config.iterations; iteration++) {
    // 1. A response to each prompt: rewards, and log-probabilities under policy and reference. Those without a reward
    //    have no return, and are left out of all that follows.
    const indices = batchIndices(prompts.length, config.batchSize, iteration, config.seed, "ppo");
    const batch = indices.map((i) => prompts[i]);
    const sampled = await rollout(setup, batch, config, iteration * config.batchSize);
    const rollouts = sampled.filter(isScored);

    // 2. Values of the states in which each token was sampled.
    const sequences = rollouts.map(({ sequence }) => sequence);
    const values = await sequenceValues(value, sequences, batching);

    // 3. Token rewards, advantages, returns.
    const trajectories = rollouts.map((r, i): Trajectory => {
      const score = finalScore(r.reward, r.completion.finishReason === "stop", config);
      const rewards = tokenRewards(r.logProbs, r.referenceLogProbs, score, state.beta);
      const none = new Float64Array();
      return { ...r, values: values[i], score, tokenRewards: rewards, advantages: none, returns: none };
    });
    estimateAdvantages(trajectories, config);
    const metrics = rolloutMetrics(trajectories, state.beta);
    const unscorable = sampled.length - rollouts.length;
    if (unscorable > 0) metrics["response/unscorable"] = unscorable;
    metrics["val/sampler_gap"] = samplerGap(trajectories);
    checkFinite("ppo", iteration + 1, { kl: metrics["objective/kl"], score: metrics["objective/scores"] });

    // 4. A few epochs of clipped updates.
    const rate = learningRate(iteration, config.learningRate, config.schedule, warmup, config.iterations);
    const updates: UpdateMetrics[] = [];
    const learned = new Map(trajectories.map((t) => [t.sequence, t]));
    for (let update = 0; update < updatesPerIteration; update++) {
      const drawn = minibatch(config, iteration, update, "ppo/epoch").map((i) => sampled[i].sequence);
      const rows = drawn.flatMap((sequence) => learned.get(sequence) ?? []);
      if (rows.length === 0) continue;
      const result = await updateOnce(policy, value, rows, config, padId, rate);
      checkFinite("ppo", iteration + 1, { policyLoss: result.policyLoss, valueLoss: result.valueLoss });
      updates.push(result);
      if (config.targetKl !== null && result.approxKl > config.targetKl) break;
    }
    Object.assign(metrics, updateMetrics(updates));
    metrics.lr = rate;
    metrics.episode = (iteration + 1) * config.batchSize;

    // 5. The KL controller, the KL budget and the report.
    const kl = metrics["objective/kl"];
    if (config.adaptiveKlTarget !== null) {
      state.beta = adaptKlCoefficient(
        state.beta,
        kl,
        config.adaptiveKlTarget,
        config.batchSize,
        config.klHorizon,
      );
    }
    state.iteration = iteration + 1;
    const overBudget = config.klBudget !== null && kl > config.klBudget;
    const stopped = overBudget
      ? `KL per response ${kl.toFixed(2)} exceeds the budget of ${config.klBudget}`
      : undefined;
    yield {
      step: iteration + 1,
      steps: config.iterations,
      metrics,
      rollouts: trajectories,
      tokens: trajectories.reduce((n, t) => n + t.completion.ids.length, 0),
      ...(stopped ? { stopped } : {}),
    };
    if (stopped) return;
  }
}

function estimateAdvantages(trajectories: Trajectory[], config: PpoConfig): void {
  if (config.whitenRewards)
    whiten(
      trajectories.map((t) => t.tokenRewards),
      true,
    );
  for (const t of trajectories) {
    Object.assign(t, advantagesAndReturns(t.tokenRewards, t.values, config.gamma, config.lambda));
  }
  if (config.whitenAdvantages) whiten(trajectories.map((t) => t.advantages));
}

/**
 * The policy's loss on a micro-batch of M tokens read: values are [M], except scale [], which is 1 / tokens of the
 * mini-batch.
 */
function policyStep(
  p: Model,
  x: Traced<TokensRead & Named<"old" | "advantages" | "scale">>,
  { clip, temperature }: Pick<PpoConfig, "clip" | "temperature">,
) {
  const reading = { temperature, differentiable: true, also: ["entropies"] } as const;
  const { logProbs, entropies } = tokenReadings(p, x, reading);
  const { loss, ...terms } = policyLoss(logProbs, x.old, x.advantages, x.weights, clip);
  return { ...terms, loss: mul(loss, x.scale), entropy: sum(mul(entropies, x.weights)) };
}

/** The value model's loss; shapes as in `policyStep`. */
function valueStep(
  p: Model,
  x: Traced<TokensRead & Named<"old" | "returns" | "scale">>,
  { valueClip, valueCoefficient }: Pick<PpoConfig, "valueClip" | "valueCoefficient">,
) {
  const { loss, clipped } = valueLoss(readValues(p, x), x.old, x.returns, x.weights, valueClip);
  return { loss: mul(mul(loss, x.scale), valueCoefficient), clipped };
}

/** One update of policy and value from the trajectories of a mini-batch, as the sum of its micro-batches' gradients. */
export async function updateOnce(
  policy: Learner,
  value: Learner,
  rows: readonly Trajectory[],
  config: PpoConfig,
  padId: number,
  rate: number,
): Promise<UpdateMetrics> {
  const { microBatchSize, packing, clip, temperature, valueClip, valueCoefficient } = config;
  const tokens = rows.reduce((n, t) => n + t.completion.ids.length, 0);
  const ofPolicy = new Sums<"loss" | "approxKl" | "clipped" | "ratio" | "ratioSquared" | "entropy">();
  const ofValue = new Sums<"loss" | "clipped">();
  const window = policy.config.slidingWindow;
  const cut = { microBatchSize, packing, padId, window, parallel: Math.ceil(config.parallel / 2) };
  const outputs = await overResponses(rows, cut, async ({ batch, column }) => {
    const x = { ...tokensRead(batch), scale: scalar(1 / tokens) };
    const toPolicy = { ...x, old: column((t) => t.logProbs), advantages: column((t) => t.advantages) };
    const ofPolicy = policy.differentiate(policyStep, toPolicy, { clip, temperature });
    if (config.parallel === 1) await ofPolicy;
    const toValue = { ...x, old: column((t) => t.values), returns: column((t) => t.returns) };
    const ofValue = value.differentiate(valueStep, toValue, { valueClip, valueCoefficient });
    return Promise.all([ofPolicy, ofValue]);
  });
  for (const [out, outOfValue] of outputs) {
    ofPolicy.add(out);
    ofValue.add(outOfValue);
  }
  const policyGradNorm = await policy.update(rate);
  const { learningRate: full, valueLearningRate } = config;
  const valueGradNorm = await value.update(
    valueLearningRate === null ? rate : (rate * valueLearningRate) / full,
  );
  const ratio = ofPolicy.of("ratio") / tokens;
  return {
    policyLoss: ofPolicy.of("loss"),
    valueLoss: valueCoefficient > 0 ? ofValue.of("loss") / valueCoefficient : 0,
    approxKl: ofPolicy.of("approxKl") / tokens,
    clipFraction: ofPolicy.of("clipped") / tokens,
    valueClipFraction: ofValue.of("clipped") / tokens,
    entropy: ofPolicy.of("entropy") / tokens,
    ratio,
    ratioVariance: Math.max(0, ofPolicy.of("ratioSquared") / tokens - ratio ** 2),
    policyGradNorm,
    valueGradNorm,
  };
}
