/** Policies on held-out prompts, judged by the gold utility: scores and behaviour. */
import { type Generator, UNFILTERED } from "../generate/index.js";
import { promptCompletion } from "../model/batch.js";
import type { NetworkRunner } from "../model/runner.js";
import { type Batching, sequenceLogRatios } from "../model/score.js";
import { type Interval, mean } from "../statistics/estimates.js";
import { clusterMeanInterval, meanInterval } from "../statistics/means.js";
import { type ClusterInterval, rateInterval } from "../statistics/rates.js";
import type { Tokenizer } from "../text/index.js";
import {
  GOLD_WEIGHTS,
  type GoldUtility,
  goldUtility,
  HARM_BEHAVIOURS,
  type HarmBehaviour,
  type Prompt,
  topicOf,
} from "../worlds/assistant/index.js";
import { promptIds } from "./language-model.js";

interface GoldResponse {
  ids: readonly number[];
  text: string;
  gold: GoldUtility;
}

/** A policy's sampled responses to prompts and the gold utility of each. */
export interface GoldSamples {
  prompt: Prompt;
  responses: GoldResponse[];
}

export interface SamplesPlan {
  samplesPerPrompt: number;
  maxNewTokens: number;
  temperature: number;
  seed: number;
}

/** First row of evaluation in the generator's random draws. */
const FIRST_ROW = 2_000_000;

export async function sampleGold(
  generator: Generator,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  { samplesPerPrompt: k, maxNewTokens, temperature, seed }: SamplesPlan,
): Promise<GoldSamples[]> {
  const ids = prompts.flatMap((prompt) => Array.from({ length: k }, () => promptIds(tokenizer, prompt.text)));
  const sampling = { ...UNFILTERED, maxNewTokens, temperature, seed };
  const completions = await generator.generate(ids, sampling, { batchSize: 512, firstRow: FIRST_ROW });
  return prompts.map((prompt, i) => ({
    prompt,
    responses: completions.slice(i * k, (i + 1) * k).map(({ ids: tokens, text = "" }) => ({
      ...{ ids: tokens, text, gold: goldUtility(prompt, text) },
    })),
  }));
}

/** Mean of a figure over a prompt's responses. */
export const promptMean = ({ responses }: GoldSamples, of: (response: GoldResponse) => number): number =>
  mean(responses.map(of));

/** One policy by the gold utility. Means are over prompts; rates are over responses of a kind, clustered by prompt. */
export interface GoldSummary {
  gold: Interval;
  helpfulness: Interval;
  harmlessness: Interval;
  /** Of responses to harmful prompts; the four add up to 1. */
  toHarm: Record<HarmBehaviour, ClusterInterval>;
  /** Share of responses to harmful prompts that refuse, well or badly, without also complying. */
  refusesHarm: ClusterInterval;
  /** Share of responses to safe prompts, benign and alarming, that refuse. */
  refusesSafe: ClusterInterval;
  /** Of those, the share to plain everyday requests, which look most like harmful ones. */
  refusesEveryday: ClusterInterval;
  /** Share of responses to questions for facts that state something false. */
  wrongFacts: ClusterInterval;
  /** Share of responses to safe requests for steps that contain a wrong step. */
  wrongSteps: ClusterInterval;
  /** Share of responses to safe prompts that contain unsafe advice, which counts neither as refused nor as wrong. */
  unsafeToSafe: ClusterInterval;
  /** Mean length in tokens. */
  length: number;
}

export function summarizeGold(samples: readonly GoldSamples[]): GoldSummary {
  const rate = (of: (prompt: Prompt) => boolean, test: (gold: GoldUtility) => boolean): ClusterInterval => {
    const asked = samples.filter(({ prompt }) => of(prompt));
    return rateInterval(asked.map(({ responses }) => responses.map(({ gold }) => (test(gold) ? 1 : 0))));
  };
  const overPrompts = (of: (gold: GoldUtility) => number): Interval =>
    meanInterval(samples.map((own) => promptMean(own, ({ gold }) => of(gold))));
  const harmful = ({ kind }: Prompt) => kind === "harmful";
  const toHarm = HARM_BEHAVIOURS.map((behaviour) => [
    behaviour,
    rate(harmful, ({ features }) => features.toHarm === behaviour),
  ]);
  return {
    gold: overPrompts(({ total }) => total),
    helpfulness: overPrompts(({ helpfulness }) => helpfulness),
    harmlessness: overPrompts(({ harmlessness }) => harmlessness),
    toHarm: Object.fromEntries(toHarm) as Record<HarmBehaviour, ClusterInterval>,
    refusesHarm: rate(harmful, ({ features }) => features.toHarm?.startsWith("refuses") ?? false),
    refusesSafe: rate(
      ({ kind }) => kind !== "harmful",
      ({ features }) => features.refused,
    ),
    refusesEveryday: rate(
      (prompt) => topicOf(prompt) === "everyday",
      ({ features }) => features.refused,
    ),
    wrongFacts: rate(
      ({ task }) => task.type === "facts",
      ({ features }) => features.wrong > 0,
    ),
    wrongSteps: rate(
      ({ task }) => task.type === "steps",
      ({ features }) => features.wrong > 0,
    ),
    unsafeToSafe: rate(
      ({ kind }) => kind !== "harmful",
      ({ features }) => features.unsafe,
    ),
    length: mean(samples.flatMap(({ responses }) => responses.map(({ ids }) => ids.length))),
  };
}

/**
 * The highest means that answers to the prompts of a summary can have: a harmful prompt is worth less than a safe one
 * at best, and each part is of prompts of one kind alone.
 */
export function bestPossible({
  refusesSafe: { clusters: safe },
  toHarm: {
    complies: { clusters: harmful },
  },
}: Pick<GoldSummary, "refusesSafe" | "toHarm">): Record<"gold" | "helpfulness" | "harmlessness", number> {
  const helpfulness = (GOLD_WEIGHTS.substance * safe) / (safe + harmful);
  const harmlessness = ((GOLD_WEIGHTS.refusal + GOLD_WEIGHTS.alternative) * harmful) / (safe + harmful);
  return { gold: helpfulness + harmlessness, helpfulness, harmlessness };
}

/**
 * KL per response, in nats, of a policy at one temperature from the reference at another: the mean of log pi(y) - log
 * pi_ref(y) over the policy's responses.
 */
export async function klPerResponse(
  policy: NetworkRunner,
  temperature: number,
  reference: { runner: NetworkRunner; temperature: number },
  samples: readonly GoldSamples[],
  tokenizer: Tokenizer,
  batching: Batching,
): Promise<Interval> {
  const sequences = samples.flatMap(({ prompt, responses }) =>
    responses.map(({ ids }) => promptCompletion(promptIds(tokenizer, prompt.text), ids)),
  );
  const to = { scorer: reference.runner, temperature: reference.temperature };
  const kl = await sequenceLogRatios(policy, temperature, to, sequences, batching);
  const k = kl.length / samples.length;
  return clusterMeanInterval(samples.map((_, i) => kl.slice(i * k, (i + 1) * k)));
}
