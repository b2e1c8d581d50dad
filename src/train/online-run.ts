/** What every online method's run does around its algorithm: open rewards, sample, compare the end with the start. */
import { join } from "node:path";
import { z } from "zod";
import type { RewardSource } from "../algorithms/reward-sources.js";
import type { Actors, PromptTokens } from "../algorithms/rollout.js";
import { writeFileAtomically } from "../artifacts/index.js";
import { formatNumber } from "../base/format.js";
import { Generator } from "../generate/index.js";
import type { Packing } from "../model/lay-out.js";
import type { Network } from "../model/network.js";
import type { RewardModel } from "../model/reward-model.js";
import type { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import type { Batching } from "../model/score.js";
import { formatInterval } from "../statistics/format-interval.js";
import { savePolicy } from "./base.js";
import type { Job } from "./method.js";
import { openRewardModels, referenceRunner, rewardSources } from "./online-networks.js";
import type { OnlineData } from "./online-settings.js";
import {
  comparePolicies,
  type PolicyComparison,
  type PolicySample,
  policySampleSchema,
  responseKl,
  samplePairs,
  samplePolicy,
} from "./policy-samples.js";
import { drawCurves } from "./reward-curves.js";
import { type SilenceSettings, silenceOf, silenceOfRun } from "./silent-steps.js";
import { stepMetrics } from "./step-metrics.js";

/** Settings that the methods which sample their own responses have in common. */
export interface OnlineConfig extends SilenceSettings {
  rewardModel: readonly string[];
  rewardWeights: readonly number[];
  longPrompts: "skip" | "cut" | "error";
  microBatchSize: number;
  packing: Packing;
  maxNewTokens: number;
  temperature: number;
  seed: number;
}
type OnlineJob = Job<OnlineConfig, OnlineData>;

export interface OnlineActors extends Actors {
  policy: NetworkTrainer;
  reference: NetworkRunner;
  generator: Generator;
}

export const batchingOf = (
  { padId }: { padId: number },
  { microBatchSize: rows, packing }: Pick<OnlineConfig, "microBatchSize" | "packing">,
): Batching => ({ rows, padId, packing });

/** Reward models and reward functions; warns if texts are longer than a model was trained on. */
export async function openRewards(
  job: OnlineJob,
): Promise<{ models: RewardModel[]; rewards: RewardSource[] }> {
  const { runtime, base, config, host } = job;
  const { train, evaluation, functions } = job.data;
  const models = await openRewardModels(runtime, base, config.rewardModel, host);
  const longest = Math.max(...[...train, ...evaluation].map(({ ids }) => ids.length)) + config.maxNewTokens;
  const shortest = Math.min(...models.map(({ maxLength }) => maxLength));
  if (longest > shortest)
    host.warn(`texts have up to ${longest} tokens; a reward model was trained on ${shortest} at most`);
  const sources = rewardSources(models, config.rewardModel, config.rewardWeights, batchingOf(base, config));
  return { models, rewards: [...sources, ...functions] };
}

/** The policy, its sampler, and its start as the reference. */
export function actorsOf(
  { runtime, base }: OnlineJob,
  policy: NetworkTrainer,
  rewards: readonly RewardSource[],
): OnlineActors {
  const { padId, tokenizer } = base;
  const generator = new Generator(runtime, policy.network, padId, tokenizer);
  return { policy, reference: referenceRunner(runtime, base), generator, rewards, padId };
}

export const sampleAnswers = (
  { config, host }: OnlineJob,
  { generator, rewards }: OnlineActors,
  prompts: readonly PromptTokens[],
): Promise<PolicySample[]> => samplePolicy(generator, rewards, prompts, config, host.signal);

/** The policy's answers, before the first update, to the prompts kept from training. */
export const answersBefore = (job: OnlineJob, actors: OnlineActors): Promise<PolicySample[]> =>
  job.session.note("before", z.array(policySampleSchema), () =>
    sampleAnswers(job, actors, job.data.evaluation),
  );

/**
 * The doubt about an iteration that learned nothing, or little, whose responses could not all be scored, or in which none
 * ended.
 */
export function doubtOf(
  metrics: Readonly<Record<string, number>>,
  config: SilenceSettings & { maxNewTokens: number },
): string | undefined {
  const shown = "samples.jsonl shows responses with their rewards";
  const reason = silenceOf(metrics, config);
  if (reason) return `nothing to learn from: ${reason}; ${shown}`;
  const unscorable = metrics["response/unscorable"] ?? 0;
  if (unscorable > 0)
    return `${unscorable} of the responses could not be scored (response/unscorable): they are counted, and nothing is learned from them; ${shown}`;
  if (metrics.frac_reward_zero_std > 0.5)
    return `in more than half of the groups all rewards are equal (frac_reward_zero_std ${formatNumber(metrics.frac_reward_zero_std)}): the reward does not tell these answers apart, and nothing is learned from them; ${shown}`;
  return metrics["response/truncated"] === 1
    ? `none of the ${config.batchSize} responses ended within maxNewTokens ${config.maxNewTokens} (response/truncated 1): ` +
        `raise it, or see whether the model's end tokens are those of its chat template; ${shown}`
    : undefined;
}

/** Figures of a run that samples its own responses, as result.json has them. */
export interface OnlineFigures {
  iterations: number;
  /** Why the run ended before its last iteration. */
  stopped: string | null;
  trainPrompts: number;
  longPrompts: { count: number; done: OnlineConfig["longPrompts"] };
  /** How many iterations had nothing to learn from, and why; given if there were any. */
  silent?: string;
  /** Of the end with the start, if prompts were kept for it. */
  comparison?: PolicyComparison;
}

/**
 * Saves the policy, its answers at the start and the end, and the curves; compares the answers.
 *
 * @param method its name on the curves.
 */
export async function finishOnline(
  job: OnlineJob,
  actors: OnlineActors,
  network: Network,
  before: readonly PolicySample[],
  method: string,
): Promise<OnlineFigures> {
  const { base, config, session, data, host } = job;
  const { train, evaluation, long } = data;
  const silent = silenceOfRun(await stepMetrics(session.run.dir), config);
  if (silent !== undefined) host.warn(silent);
  const after = await sampleAnswers(job, actors, evaluation);
  actors.generator.release();
  const checked = { ...batchingOf(base, config), onProgress: session.checkInterrupt };
  const { policy, reference } = actors;
  const kl = await responseKl(policy, reference, evaluation, after, checked, config.temperature);
  await savePolicy(session.out, base, network);
  await writeFileAtomically(
    join(session.run.dir, "samples-before-after.jsonl"),
    samplePairs(evaluation, before, after, kl),
  );
  await drawCurves(session.run.dir, method);
  const comparison = comparePolicies(evaluation, before, after, kl);
  return {
    iterations: session.step,
    stopped: session.stopped ?? null,
    trainPrompts: train.length,
    longPrompts: { count: long, done: config.longPrompts },
    ...(silent !== undefined && { silent }),
    ...(comparison && { comparison }),
  };
}

/** The comparison as lines of the report. */
export function reportOnline({ comparison }: OnlineFigures): readonly (readonly [string, string])[] {
  if (comparison === undefined) return [];
  const { rewardBefore, rewardAfter, prompts, unscorable, gain, gains, klPerResponse, distinct3, length } =
    comparison;
  const change = ({ before, after }: { before: number; after: number }): string =>
    `${formatNumber(before)} before, ${formatNumber(after)} after`;
  const level = change({ before: rewardBefore.estimate, after: rewardAfter.estimate });
  const byName = Object.entries(gains);
  const omitted = unscorable === undefined ? "" : `; ${unscorable} could not be scored`;
  return [
    ["reward", `${level}, on ${prompts} prompts it was not trained on${omitted}`],
    ["gain", `${formatInterval(gain)} standard deviations of the start`],
    ...(byName.length > 1 ? byName.map(([name, own]) => [`  ${name}`, formatInterval(own)] as const) : []),
    ["KL", `${formatInterval(klPerResponse)} nats per response`],
    ["distinct-3", change(distinct3)],
    ["length", `${change(length)} tokens`],
  ];
}
