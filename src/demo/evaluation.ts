/**
 * The demo's evaluation: each policy on held-out prompts by the gold utility, at the usual temperature and at its best
 * one, and PPO against each of the others on the same prompts.
 */
import type { NetworkRunner } from "../model/runner.js";
import { type Interval, type WinRate, winRate } from "../statistics/estimates.js";
import { pairedDifference } from "../statistics/means.js";
import type { Tokenizer } from "../text/index.js";
import { bestOfAtKl, bestOfEach, bestOfKl, scores } from "./baselines.js";
import type { DemoConfig } from "./config.js";
import type { HeldOut, Measured, PolicyFigures } from "./held-out.js";
import { METHOD_TITLES, type Method } from "./methods.js";
import { type StepEvent, stepOf } from "./phases.js";
import { type GoldSamples, type GoldSummary, promptMean, summarizeGold } from "./policies.js";

export interface Comparison {
  policy: string;
  against: string;
  /** Mean difference of gold utility over prompts, with the interval of the paired difference. */
  gold: Interval;
  /** Of prompts, by the mean gold utility of their answers; a tie counts half, and ties are many. */
  winRate: WinRate & { n: number };
}

export interface Evaluation {
  prompts: number;
  policies: PolicyFigures[];
  comparisons: Comparison[];
}

/** Events of an evaluation while it runs: its steps, and the responses that it measured. */
export type EvaluationEvent = StepEvent | { kind: "samples"; sft: GoldSamples[]; ppo: GoldSamples[] };

/** Names of the demo's policies; plain SFT and PPO are sampled at the usual temperature. */
export const POLICY_NAMES = {
  sft: "SFT",
  sftBest: "SFT, best temperature",
  bestOf: "SFT, best of n",
  rejection: "rejection sampling",
  ppo: "PPO",
  ppoBest: "PPO, best temperature",
} as const;

/** The figures of the policy with that name. */
export const figuresOf = ({ policies }: Evaluation, name: string): PolicyFigures =>
  policies.find((policy) => policy.name === name) as PolicyFigures;

/** The gold summary of the policy with that name. */
export const summaryOf = (evaluation: Evaluation, name: string): GoldSummary =>
  figuresOf(evaluation, name).summary;

/** Added to the seed for the samples of best of n, so that their draws differ from the others'. */
const BEST_OF_SEED = 7;

/**
 * The SFT model before RLHF: at the usual temperature, at its best one, and the samples that best of n chooses among.
 */
export interface Before {
  usual: Measured;
  best: Measured;
  many: GoldSamples[];
}

/** Everything that can be measured before there is a reward model. */
export async function evaluateBefore(
  heldOut: HeldOut,
  reference: NetworkRunner,
  config: Pick<DemoConfig, "seed" | "temperature" | "bestOf">,
): Promise<Before> {
  const { temperature, bestOf: samplesPerPrompt } = config;
  const { sft, sftBest } = POLICY_NAMES;
  return {
    usual: await heldOut.measure(sft, reference, temperature),
    best: await heldOut.measure(sftBest, reference, await heldOut.bestTemperature(reference)),
    many: await heldOut.sample(reference, {
      temperature,
      samplesPerPrompt,
      seed: config.seed + BEST_OF_SEED,
    }),
  };
}

export async function* evaluatePolicies(
  heldOut: HeldOut,
  tokenizer: Tokenizer,
  before: Before,
  runners: Record<"rejection" | "policy" | "rewardModel", NetworkRunner> & {
    further: readonly { name: Method; policy: NetworkRunner }[];
  },
  config: Pick<DemoConfig, "temperature" | "bestOf">,
): AsyncGenerator<EvaluationEvent, Evaluation> {
  const { rejection, policy, rewardModel, further } = runners;
  const steps = 4 + further.length;
  let done = 0;
  const progress = (): StepEvent => stepOf("evaluate", { step: ++done, steps, metrics: {}, tokens: 0 });

  // 1. The policies that were trained.
  const { sft, sftBest, bestOf, rejection: rejected, ppo, ppoBest } = POLICY_NAMES;
  const favourites = await heldOut.measure(rejected, rejection, await heldOut.bestTemperature(rejection));
  yield progress();
  const usual = await heldOut.measure(ppo, policy, config.temperature);
  yield progress();
  const best = await heldOut.measure(ppoBest, policy, await heldOut.bestTemperature(policy));
  yield progress();

  const others: Measured[] = [];
  for (const { name, policy: other } of further) {
    const temperature = await heldOut.bestTemperature(other);
    others.push(await heldOut.measure(METHOD_TITLES[name], other, temperature));
    yield progress();
  }

  // 2. Best of n, with the largest n whose KL is surely at most PPO's, up to the number of samples.
  const n = bestOfAtKl(usual.figures.kl.estimate, config.bestOf);
  const scored = await scores(rewardModel, tokenizer, before.many, heldOut.batching);
  const samples = bestOfEach(before.many, scored, n);
  const kl = { estimate: bestOfKl(n), low: bestOfKl(n), high: bestOfKl(n) };
  const summary = summarizeGold(samples);
  const chosen: Measured = {
    figures: { name: bestOf, temperature: config.temperature, sampled: n, kl, summary },
    samples,
  };
  yield progress();

  // 3. PPO against the others, prompt by prompt.
  const measured = [before.usual, before.best, chosen, favourites, usual, best, ...others];
  const of = (name: string) => measured.find(({ figures }) => figures.name === name) as Measured;
  const compare = (name: string, other: string): Comparison => {
    const [mine, theirs] = [name, other].map((own) =>
      of(own).samples.map((answered) => promptMean(answered, ({ gold }) => gold.total)),
    );
    return {
      ...{ policy: name, against: other },
      gold: pairedDifference(mine, theirs),
      winRate: { ...winRate(mine, theirs), n: heldOut.prompts.length },
    };
  };
  yield { kind: "samples", sft: before.best.samples, ppo: best.samples };
  return {
    prompts: heldOut.prompts.length,
    policies: measured.map(({ figures }) => figures),
    comparisons: [
      compare(ppoBest, sftBest),
      compare(ppoBest, rejected),
      compare(ppoBest, bestOf),
      compare(ppo, bestOf),
      compare(ppo, sft),
      ...(others.length > 0 ? [compare(rejected, sftBest), compare(bestOf, sftBest)] : []),
      ...others.flatMap(({ figures: { name } }) => [compare(name, sftBest), compare(ppoBest, name)]),
    ],
  };
}
