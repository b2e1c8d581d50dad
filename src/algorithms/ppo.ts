/**
 * Proximal policy optimisation for language models (Schulman et al. 2017; Ziegler et al. 2019; Stiennon et al. 2020;
 * "The N+ implementation details of RLHF with PPO", Huang et al. 2024).
 *
 * One iteration: sample responses; score them; take a KL penalty to the reference from every token; estimate
 * advantages with a value model; then a few epochs of clipped updates of policy and value. All means are over
 * response tokens, never over padding. Metrics have TRL's names.
 */
import { PlumbError } from "../errors.js";
import type { Completion, Generator } from "../generate/index.js";
import { chunks, promptCompletion, type Sequence } from "../model/batch.js";
import { layOut } from "../model/lay-out.js";
import type { Loss, NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { sequenceLogProbs, sequenceLogProbsAndEntropies, sequenceValues } from "../model/score.js";
import { batchFeeds, readInputs, readValues } from "../model/sequence-programs.js";
import { tokenReadings } from "../model/token-readings.js";
import { learningRate } from "../optim/index.js";
import {
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
import { batchIndices, exactDivision } from "./order.js";
import type { PpoConfig } from "./ppo-config.js";
import { rolloutMetrics, sampleOf, samplerGap, updateMetrics } from "./ppo-metrics.js";
import { type RewardSource, totalRewards } from "./reward-sources.js";
import { meanOf, moments } from "./statistics.js";

export { type PpoConfig, ppoSchema } from "./ppo-config.js";
export { sequenceKl } from "./ppo-metrics.js";

export interface PpoPrompt {
  ids: readonly number[];
  /** What reward functions and logs show. */
  text: string;
}

export interface PpoSetup {
  policy: NetworkTrainer;
  reference: NetworkRunner;
  value: NetworkTrainer;
  generator: Pick<Generator, "generate">;
  rewards: readonly RewardSource[];
  prompts: readonly PpoPrompt[];
  padId: number;
}

/** What outlives an iteration beside parameters and optimiser state. */
export interface PpoState {
  /** Iterations done. */
  iteration: number;
  /** The KL coefficient. */
  beta: number;
}

export interface PpoSample {
  prompt: string;
  response: string;
  score: number;
  kl: number;
  tokens: number;
  finishReason: Completion["finishReason"];
}

export interface PpoStep {
  step: number;
  steps: number;
  metrics: Record<string, number>;
  samples: PpoSample[];
  /** Response tokens sampled. */
  tokens: number;
  /** Set when the run ends before its last iteration, and why. */
  stopped?: string;
}

/** One response and everything known of it; arrays have one entry per response token. */
export interface Trajectory {
  sequence: Sequence;
  completion: Completion;
  logProbs: Float32Array;
  referenceLogProbs: Float32Array;
  values: Float32Array;
  /** Mean entropy of the distributions its tokens were drawn from, in nats. */
  entropy: number;
  score: number;
  rewards: Float64Array;
  advantages: Float64Array;
  returns: Float64Array;
}

// ---------------------------------------------------------------------------------------------------------------
// The maths, as small pure functions.

/**
 * Token rewards: -beta (log pi - log pi_ref), and the sequence's score on top of the last token: the EOS where there is one. (TRL 1.12
 * puts the score at the position after it.)
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
 * Generalised advantage estimation (Schulman et al. 2016): d_t = r_t + gamma V_{t+1} - V_t,
 * A_t = d_t + gamma lambda A_{t+1}, with V = 0 after the last token; returns = A + V.
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
 * @param keepMean add the mean back: for rewards.
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

/** What the score counts as once length limits and clipping had their say. */
export function finalScore(score: number, ended: boolean, config: PpoConfig): number {
  let final = score;
  if (!ended && config.missingEosScore !== null) final = config.missingEosScore;
  if (!ended && config.missingEosPenalty !== null) final -= config.missingEosPenalty;
  return config.scoreClip === null ? final : Math.min(config.scoreClip, Math.max(-config.scoreClip, final));
}

/**
 * Clipped policy loss, summed over tokens read: w max(-A rho, -A clip(rho, 1 - eps, 1 + eps)), rho = exp(new - old).
 * All arguments [M]; w is 1 for a token read and 0 for padding.
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

/** Clipped value loss, summed over tokens read: w / 2 max((V - R)^2, (clip(V, V_old -+ eps) - R)^2). All [M]. */
export function valueLoss(
  values: Tensor,
  oldValues: Tensor,
  returns: Tensor,
  weights: Tensor,
  epsilon: number | null,
): Record<"loss" | "clipped", Tensor> {
  const plain = square(sub(values, returns));
  if (epsilon === null) return { loss: sum(mul(mul(plain, 0.5), weights)), clipped: sum(mul(weights, 0)) };
  const near = minimum(maximum(values, sub(oldValues, epsilon)), addScalar(oldValues, epsilon));
  const limited = square(sub(near, returns));
  return {
    loss: sum(mul(mul(maximum(plain, limited), 0.5), weights)),
    clipped: sum(mul(cast(less(plain, limited), "f32"), weights)),
  };
}

const addScalar = (x: Tensor, value: number): Tensor => sub(x, -value);

// ---------------------------------------------------------------------------------------------------------------
// The loop.

/** Trains; yields after each iteration. `state` says where to start and is kept up to date. */
export async function* ppo(setup: PpoSetup, config: PpoConfig, state: PpoState): AsyncGenerator<PpoStep> {
  const { policy, reference, value, generator, prompts, padId } = setup;
  exactDivision(config.batchSize, config.miniBatches, "batchSize / miniBatches");
  if (config.missingEosPenalty !== null && config.missingEosScore !== null) {
    throw new PlumbError("missingEosPenalty and missingEosScore exclude each other");
  }
  const batching = { rows: config.microBatchSize, padId, packing: config.packing };
  const updatesPerIteration = config.epochs * config.miniBatches;
  const warmup = Math.ceil(config.iterations * config.warmupShare);

  for (let iteration = state.iteration; iteration < config.iterations; iteration++) {
    // 1. Sample a response to each prompt.
    const indices = batchIndices(prompts.length, config.batchSize, iteration, config.seed, "ppo");
    const batch = indices.map((i) => prompts[i]);
    const completions = await generator.generate(
      batch.map((prompt) => prompt.ids),
      { ...SAMPLING, maxNewTokens: config.maxNewTokens, temperature: config.temperature, seed: config.seed },
      { firstRow: iteration * config.batchSize, batchSize: config.batchSize },
    );

    // 2. Score responses; log-probabilities under policy and reference; values.
    const sequences = batch.map((prompt, i) => promptCompletion(prompt.ids, completions[i].ids));
    const rewards = await totalRewards(setup.rewards, batch, completions);
    const now = await sequenceLogProbsAndEntropies(policy, sequences, batching, config.temperature);
    const before = await sequenceLogProbs(reference, sequences, batching, config.temperature);
    const values = await sequenceValues(value, sequences, batching);

    // 3. Token rewards, advantages, returns.
    const trajectories = sequences.map((sequence, i): Trajectory => {
      const completion = completions[i];
      const score = finalScore(rewards.totals[i], completion.finishReason === "stop", config);
      const { logProbs } = now[i];
      return {
        sequence,
        completion,
        logProbs,
        referenceLogProbs: before[i],
        values: values[i],
        entropy: meanOf(now[i].entropies),
        score,
        rewards: tokenRewards(logProbs, before[i], score, state.beta),
        advantages: new Float64Array(),
        returns: new Float64Array(),
      };
    });
    estimateAdvantages(trajectories, config);
    const metrics = rolloutMetrics(trajectories, rewards.scores, rewards.byName, state.beta);
    metrics["val/sampler_gap"] = samplerGap(trajectories);
    checkFinite("ppo", iteration + 1, { kl: metrics["objective/kl"], score: metrics["objective/scores"] });

    // 4. A few epochs of clipped updates.
    const rate = learningRate(iteration, config.learningRate, config.schedule, warmup, config.iterations);
    const updates: UpdateMetrics[] = [];
    for (let update = 0; update < updatesPerIteration; update++) {
      const rows = minibatch(config, iteration, update).map((i) => trajectories[i]);
      const result = await updateOnce(policy, value, rows, config, padId, rate);
      checkFinite("ppo", iteration + 1, { policyLoss: result.policyLoss, valueLoss: result.valueLoss });
      updates.push(result);
      if (config.epochKlLimit !== null && result.approxKl > config.epochKlLimit) break;
    }
    Object.assign(metrics, updateMetrics(updates));
    metrics.lr = rate;
    metrics.episode = (iteration + 1) * config.batchSize;

    // 5. The KL controller, the budget, and what is reported.
    const kl = metrics["objective/kl"];
    if (config.klTarget !== null) {
      state.beta = adaptKlCoefficient(state.beta, kl, config.klTarget, config.batchSize, config.klHorizon);
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
      samples: trajectories.slice(0, 4).map((t, i) => sampleOf(t, batch[i])),
      tokens: completions.reduce((n, c) => n + c.ids.length, 0),
      ...(stopped ? { stopped } : {}),
    };
    if (stopped) return;
  }
}

/** PPO samples from the policy itself: no filters. */
const SAMPLING = { topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, stop: [] };

function estimateAdvantages(trajectories: Trajectory[], config: PpoConfig): void {
  if (config.whitenRewards)
    whiten(
      trajectories.map((t) => t.rewards),
      true,
    );
  for (const t of trajectories) {
    Object.assign(t, advantagesAndReturns(t.rewards, t.values, config.gamma, config.lambda));
  }
  if (config.whitenAdvantages) whiten(trajectories.map((t) => t.advantages));
}

/** Rows of an update: each epoch shuffles the batch anew and cuts it into mini-batches. */
function minibatch(config: PpoConfig, iteration: number, update: number): number[] {
  const size = config.batchSize / config.miniBatches;
  const epoch = Math.floor(update / config.miniBatches);
  const order = batchIndices(
    config.batchSize,
    config.batchSize,
    iteration * config.epochs + epoch,
    config.seed,
    "ppo/epoch",
  );
  const start = (update % config.miniBatches) * size;
  return order.slice(start, start + size);
}

export interface UpdateMetrics {
  policyLoss: number;
  valueLoss: number;
  approxKl: number;
  clipFraction: number;
  valueClipFraction: number;
  entropy: number;
  ratio: number;
  ratioVariance: number;
  policyGradNorm: number;
  valueGradNorm: number;
}

/** One update of policy and value from the trajectories of a mini-batch, in micro-batches of one mean. */
export async function updateOnce(
  policy: NetworkTrainer,
  value: NetworkTrainer,
  rows: readonly Trajectory[],
  config: PpoConfig,
  padId: number,
  rate: number,
): Promise<UpdateMetrics> {
  const tokens = rows.reduce((n, t) => n + t.completion.ids.length, 0);
  const totals: Record<string, number> = {};
  const addUp = (out: Record<string, ArrayLike<number | bigint>>, names: Record<string, string>): void => {
    for (const [key, name] of Object.entries(names)) totals[name] = (totals[name] ?? 0) + Number(out[key][0]);
  };
  const sorted = [...rows].sort((a, b) => b.sequence.ids.length - a.sequence.ids.length);
  for (const part of chunks(sorted, config.microBatchSize)) {
    const batch = layOut(
      part.map((t) => t.sequence),
      {
        padId,
        rows: config.microBatchSize,
        packing: config.packing,
        window: policy.network.config.slidingWindow,
      },
    );
    const M = batch.targets.length;
    const vector = { shape: [M], dtype: "f32" } as const;
    const scalar = { shape: [], dtype: "f32" } as const;
    const perToken = (pick: (t: Trajectory) => ArrayLike<number>): Float32Array => {
      const out = new Float32Array(M);
      for (const [i, t] of part.entries()) out.set(pick(t), batch.starts[i]);
      return out;
    };
    const feeds = { ...batchFeeds(batch), weights: batch.weights, scale: Float32Array.of(1 / tokens) };

    const policyStep: Loss = (p, x) => {
      const { temperature } = config;
      const { logProbs, entropies } = tokenReadings(p, policy.network.config, x, {
        temperature,
        differentiable: true,
        also: ["entropies"],
      }); // [M]
      const terms = policyLoss(logProbs, x.old, x.advantages, x.weights, config.clip);
      return { ...terms, loss: mul(terms.loss, x.scale), entropy: sum(mul(entropies, x.weights)) };
    };
    const policyInputs = {
      ...readInputs(batch),
      weights: vector,
      scale: scalar,
      old: vector,
      advantages: vector,
    };
    const policyFeeds = {
      ...feeds,
      old: perToken((t) => t.logProbs),
      advantages: perToken((t) => t.advantages),
    };
    addUp(await policy.backward("ppo/policy", policyInputs, policyStep, policyFeeds), {
      loss: "policyLoss",
      approxKl: "approxKl",
      clipped: "clipped",
      ratio: "ratio",
      ratioSquared: "ratioSquared",
      entropy: "entropy",
    });

    const valueStep: Loss = (p, x) => {
      const values = readValues(p, value.network.config, x); // [M]
      const terms = valueLoss(values, x.old, x.returns, x.weights, config.valueClip);
      return { ...terms, loss: mul(mul(terms.loss, x.scale), config.valueCoefficient) };
    };
    const valueInputs = {
      ...readInputs(batch),
      weights: vector,
      scale: scalar,
      old: vector,
      returns: vector,
    };
    const valueFeeds = { ...feeds, old: perToken((t) => t.values), returns: perToken((t) => t.returns) };
    addUp(await value.backward("ppo/value", valueInputs, valueStep, valueFeeds), {
      loss: "valueLoss",
      clipped: "valueClipped",
    });
  }
  const policyGradNorm = await policy.update(rate);
  const valueRate =
    config.valueLearningRate === null ? rate : (rate * config.valueLearningRate) / config.learningRate;
  const valueGradNorm = await value.update(valueRate);
  const ratio = totals.ratio / tokens;
  return {
    policyLoss: totals.policyLoss,
    valueLoss: config.valueCoefficient > 0 ? totals.valueLoss / config.valueCoefficient : 0,
    approxKl: totals.approxKl / tokens,
    clipFraction: totals.clipped / tokens,
    valueClipFraction: totals.valueClipped / tokens,
    entropy: totals.entropy / tokens,
    ratio,
    ratioVariance: Math.max(0, totals.ratioSquared / tokens - ratio ** 2),
    policyGradNorm,
    valueGradNorm,
  };
}
