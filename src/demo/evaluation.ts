/**
 * The stage of the demo that evaluates: each policy on held-out prompts by the gold utility, at the usual temperature
 * and at the one that suits it best, and PPO against each of the others on the same prompts.
 */
import { Generator } from "../generate/index.js";
import type { NetworkRunner } from "../model/runner.js";
import type { Runtime } from "../runtime/runtime.js";
import { type Interval, mean, type WinRate, winRate } from "../statistics/estimates.js";
import { pairedDifference } from "../statistics/means.js";
import type { Tokenizer } from "../text/index.js";
import { prompts } from "../worlds/assistant/index.js";
import { bestOfAtKl, bestOfEach, bestOfKl, scores } from "./baselines.js";
import type { DemoConfig } from "./config.js";
import { type DemoEvent, stepOf } from "./events.js";
import {
  type GoldSamples,
  type GoldSummary,
  klPerResponse,
  promptMean,
  sampleGold,
  summarizeGold,
} from "./policies.js";

export interface PolicyFigures {
  name: string;
  temperature: number;
  /** Answers sampled for each that is given. */
  sampled: number;
  /** Nats per response from the SFT model at the usual temperature. */
  kl: Interval;
  summary: GoldSummary;
}

export interface Comparison {
  policy: string;
  against: string;
  /** Mean difference of gold utility over prompts, with the interval of the paired difference. */
  gold: Interval;
  /** On how many prompts the policy's mean gold utility is higher. */
  winRate: WinRate & { n: number };
}

export interface Evaluation {
  prompts: number;
  policies: PolicyFigures[];
  comparisons: Comparison[];
}

/** Policies of the demo by name; SFT and PPO alone are those at the usual temperature. */
export const POLICY_NAMES = {
  sft: "SFT",
  sftBest: "SFT, best temperature",
  bestOf: "SFT, best of n",
  rejection: "rejection sampling",
  ppo: "PPO",
  ppoBest: "PPO, best temperature",
} as const;

/** What the gold utility says of the policy of that name. */
export const summaryOf = ({ policies }: Evaluation, name: string): GoldSummary =>
  (policies.find((policy) => policy.name === name) as PolicyFigures).summary;

/** Draws of the samples among which the best are chosen differ from the others'. */
const BEST_OF_SEED = 7;

export async function* evaluatePolicies(
  runtime: Runtime,
  tokenizer: Tokenizer,
  runners: {
    reference: NetworkRunner;
    rejection: NetworkRunner;
    policy: NetworkRunner;
    rewardModel: NetworkRunner;
  },
  config: DemoConfig,
): AsyncGenerator<DemoEvent, Evaluation> {
  const heldOut = prompts(config.split);
  const { maxNewTokens, microBatchSize: rows, packing } = config.ppo;
  const batching = { rows, padId: tokenizer.padId, packing };
  const plan = { samplesPerPrompt: config.samplesPerPrompt, maxNewTokens, seed: config.seed + 1 };
  const { reference } = runners;
  const generators = new Map<NetworkRunner, Generator>();
  const generatorOf = (runner: NetworkRunner): Generator => {
    const known =
      generators.get(runner) ?? new Generator(runtime, runner.network, tokenizer.padId, tokenizer);
    generators.set(runner, known);
    return known;
  };
  const steps = 6;
  let done = 0;
  const progress = (): DemoEvent => stepOf("evaluate", { step: ++done, steps, metrics: {}, tokens: 0 });

  // 1. A policy at a temperature: its samples and what they are worth.
  const measured: { figures: PolicyFigures; samples: GoldSamples[] }[] = [];
  const measure = async (name: string, runner: NetworkRunner, temperature: number): Promise<void> => {
    const samples = await sampleGold(generatorOf(runner), tokenizer, heldOut, { ...plan, temperature });
    const kl = await klPerResponse(
      runner,
      temperature,
      { runner: reference, temperature: config.temperature },
      samples,
      tokenizer,
      batching,
    );
    measured.push({
      figures: { name, temperature, sampled: 1, kl, summary: summarizeGold(samples) },
      samples,
    });
  };
  // 2. The temperature at which a policy's gold utility is highest on the prompts for developing.
  const bestTemperature = async (runner: NetworkRunner): Promise<number> => {
    const golds: number[] = [];
    for (const temperature of config.temperatures) {
      const own = { ...plan, samplesPerPrompt: 1, temperature };
      const samples = await sampleGold(generatorOf(runner), tokenizer, prompts("develop"), own);
      golds.push(mean(samples.map((answered) => promptMean(answered, ({ gold }) => gold.total))));
    }
    return config.temperatures[golds.indexOf(Math.max(...golds))];
  };
  const { policy, rejection } = runners;
  await measure(POLICY_NAMES.sft, reference, config.temperature);
  yield progress();
  await measure(POLICY_NAMES.sftBest, reference, await bestTemperature(reference));
  yield progress();
  await measure(POLICY_NAMES.rejection, rejection, await bestTemperature(rejection));
  yield progress();
  await measure(POLICY_NAMES.ppo, policy, config.temperature);
  yield progress();
  await measure(POLICY_NAMES.ppoBest, policy, await bestTemperature(policy));
  yield progress();

  // 3. Best of n, with the n whose KL is PPO's, as far as the samples go.
  const of = (name: string) =>
    measured.find(({ figures }) => figures.name === name) as (typeof measured)[number];
  const many = await sampleGold(generatorOf(reference), tokenizer, heldOut, {
    ...{ ...plan, temperature: config.temperature },
    ...{ samplesPerPrompt: config.bestOf, seed: config.seed + BEST_OF_SEED },
  });
  const n = bestOfAtKl(of(POLICY_NAMES.ppo).figures.kl.estimate, config.bestOf);
  const chosen = bestOfEach(many, await scores(runners.rewardModel, tokenizer, many, batching), n);
  const kl = { estimate: bestOfKl(n), low: bestOfKl(n), high: bestOfKl(n) };
  measured.splice(2, 0, {
    figures: {
      name: POLICY_NAMES.bestOf,
      temperature: config.temperature,
      sampled: n,
      kl,
      summary: summarizeGold(chosen),
    },
    samples: chosen,
  });
  yield progress();

  // 4. PPO against the others, prompt by prompt.
  const compare = (name: string, other: string): Comparison => {
    const [mine, theirs] = [name, other].map((own) =>
      of(own).samples.map((answered) => promptMean(answered, ({ gold }) => gold.total)),
    );
    return {
      ...{ policy: name, against: other },
      gold: pairedDifference(mine, theirs),
      winRate: { ...winRate(mine, theirs), n: heldOut.length },
    };
  };
  const { sft, sftBest, bestOf, rejection: rejected, ppo, ppoBest } = POLICY_NAMES;
  yield { kind: "samples", sft: of(sftBest).samples, ppo: of(ppoBest).samples };
  return {
    prompts: heldOut.length,
    policies: measured.map(({ figures }) => figures),
    comparisons: [
      compare(ppoBest, sftBest),
      compare(ppoBest, rejected),
      compare(ppoBest, bestOf),
      compare(ppo, bestOf),
      compare(ppo, sft),
    ],
  };
}
