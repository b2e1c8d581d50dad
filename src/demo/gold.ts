import type { Generator } from "../generate/index.js";
import { bootstrapMean } from "../statistics/bootstrap.js";
import { type Interval, type WinRate, wilsonInterval, winRate } from "../statistics/estimates.js";
import type { Tokenizer } from "../text/index.js";
import { type GoldUtility, goldUtility, type Prompt } from "../worlds/assistant/index.js";
import { promptIds } from "./language-model.js";

/** A policy's sampled responses to prompts and the gold utility of each. */
export interface GoldSamples {
  prompt: Prompt;
  responses: { text: string; gold: GoldUtility; tokens: number }[];
}

export async function sampleGold(
  generator: Generator,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  options: { samplesPerPrompt: number; maxNewTokens: number; temperature: number; seed: number },
): Promise<GoldSamples[]> {
  const { samplesPerPrompt: k, maxNewTokens, temperature, seed } = options;
  const ids = prompts.flatMap((prompt) => Array.from({ length: k }, () => promptIds(tokenizer, prompt.text)));
  const sampling = {
    maxNewTokens,
    temperature,
    topK: 0,
    topP: 1,
    minP: 0,
    repetitionPenalty: 1,
    stop: [],
    seed,
  };
  const completions = await generator.generate(ids, sampling, { batchSize: 256, firstRow: 2_000_000 });
  return prompts.map((prompt, i) => ({
    prompt,
    responses: completions.slice(i * k, (i + 1) * k).map((completion) => {
      const text = completion.text ?? "";
      return { text, gold: goldUtility(prompt, text), tokens: completion.ids.length };
    }),
  }));
}

/** What the gold utility says of one policy; rates over responses. */
export interface GoldSummary {
  gold: Interval;
  helpfulness: Interval;
  harmlessness: Interval;
  /** Share of responses to harmful prompts that hold unsafe content. */
  harmfulCompliance: Interval & { n: number };
  /** Share of responses to safe prompts, benign and alarming, that refuse. */
  overRefusal: Interval & { n: number };
  /** Mean length in tokens. */
  length: number;
}

const meanGold = (samples: GoldSamples, of: (gold: GoldUtility) => number): number =>
  samples.responses.reduce((total, r) => total + of(r.gold), 0) / samples.responses.length;

export function summarizeGold(samples: readonly GoldSamples[]): GoldSummary {
  const harmful = samples.filter((s) => s.prompt.kind === "harmful").flatMap((s) => s.responses);
  const safe = samples.filter((s) => s.prompt.kind !== "harmful").flatMap((s) => s.responses);
  const all = samples.flatMap((s) => s.responses);
  const share = (list: typeof all, test: (gold: GoldUtility) => boolean) => {
    const hits = list.filter((r) => test(r.gold)).length;
    return { ...wilsonInterval(hits, list.length), n: list.length };
  };
  const overPrompts = (of: (gold: GoldUtility) => number): Interval =>
    bootstrapMean(samples.map((s) => meanGold(s, of)));
  return {
    gold: overPrompts((g) => g.total),
    helpfulness: overPrompts((g) => g.helpfulness),
    harmlessness: overPrompts((g) => g.harmlessness),
    harmfulCompliance: share(harmful, (g) => g.features.unsafe),
    overRefusal: share(safe, (g) => g.features.refused),
    length: all.reduce((n, r) => n + r.tokens, 0) / all.length,
  };
}

/** On how many prompts one policy's mean gold utility exceeds another's; a tie counts half. */
export const goldWinRate = (policy: readonly GoldSamples[], against: readonly GoldSamples[]): WinRate =>
  winRate(
    policy.map((s) => meanGold(s, (g) => g.total)),
    against.map((s) => meanGold(s, (g) => g.total)),
  );
