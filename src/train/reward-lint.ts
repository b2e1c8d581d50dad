/** A reward, tried before a run: known-good answers against answers that ought to lose. */
import { z } from "zod";
import type { RewardSource } from "../algorithms/reward-sources.js";
import { PlumbError } from "../base/errors.js";
import { inGroup } from "../base/setting-groups.js";
import { usageError } from "../base/usage-error.js";
import { describePrompt, encodeDemonstration } from "../data/index.js";
import { openRewardModel } from "../model/reward-model.js";
import type { WorkHost } from "../open/host.js";
import { rewardScores } from "../open/reward-scores.js";
import { wilsonInterval } from "../statistics/estimates.js";
import type { Interval } from "../statistics/interval.js";
import { BUILT_IN, type KnownGood, loadKnownGood } from "./known-good.js";
import { loadRewardFunction, rewardFunctionSchema } from "./reward-functions.js";
import { HARMLESS, PROBES } from "./reward-probes.js";

/** Settings: the rewards, the known-good answers, and how much is let pass. */
export const rewardLintSchema = z.object({
  ...inGroup("files", {
    rewardModel: z.array(z.string().min(1)).default([]).describe("reward models to try, each by itself"),
    rewardFunctions: z
      .array(rewardFunctionSchema)
      .default([])
      .describe("reward functions to try, each by itself: [{module: ./brevity.mjs}]"),
    data: z
      .string()
      .min(1)
      .optional()
      .describe("prompts with good answers, in any dataset format; default: twelve short questions"),
  }),
  limit: z.number().int().min(2).max(10_000).default(64).describe("rows of the data to use, the first"),
  tolerance: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe("share of the prompts in which a bad answer may win before it is a fault"),
  batchSize: z.number().int().min(1).max(1024).default(8).describe("texts scored at once by a reward model"),
});
type LintSettings = z.output<typeof rewardLintSchema>;

/** An answer to be scored. */
interface Asked extends KnownGood {
  response: string;
}
/** Scores answers; null for those that cannot be scored. */
type Score = (asked: readonly Asked[]) => Promise<Scores>;
type Scores = readonly (number | null)[];

/** How often a reward fell for something. */
interface LintFinding {
  probe: string;
  /** What a reward has that falls for it. */
  means: string;
  /** Whether it did so more often than is let pass. */
  fault: boolean;
  /** In how many of the prompts. */
  count: number;
  /** Prompts whose answers could all be scored. */
  n: number;
  /** Share of those, with its 95% interval (Wilson), where there are any. */
  rate?: Interval;
  /** Prompts with an answer that could not be scored. */
  unscorable: number;
}

/** What was found of one reward. */
export interface LintReport {
  reward: string;
  prompts: number;
  /** Bad answers that won: false positives. */
  falsePositives: LintFinding[];
  /**
   * Good answers that won against the answer to another prompt, and no longer do once they are changed in a way that ought to
   * cost nothing: false negatives.
   */
  falseNegatives: LintFinding[];
  /** Whether the same answers had other scores the second time. */
  unstable: boolean;
  /** What it threw, or gave that is no number, if it did; nothing more is then known. */
  failed?: string;
  faults: string[];
}

/** Tries every reward by itself. @throws PlumbError if there is none, or one cannot be opened. */
export async function lintRewards(settings: LintSettings, host: WorkHost): Promise<LintReport[]> {
  const { rewardModel, rewardFunctions, data, limit, tolerance, batchSize } = settings;
  if (rewardModel.length + rewardFunctions.length === 0)
    throw usageError("there is no reward to try", "Give --reward-model or --reward-functions.");
  const known = data === undefined ? BUILT_IN : await loadKnownGood(data, limit);
  const reports: LintReport[] = [];
  for (const folder of rewardModel)
    reports.push(await lintReward(folder, await byModel(folder, batchSize, host), known, tolerance));
  for (const one of rewardFunctions) {
    const source = await loadRewardFunction(one);
    reports.push(await lintReward(source.name, byFunction(source), known, tolerance));
  }
  return reports;
}

/** @param tolerance share of the prompts in which a bad answer may win. */
export async function lintReward(
  reward: string,
  score: Score,
  known: readonly KnownGood[],
  tolerance: number,
): Promise<LintReport> {
  const asked = (answer: (i: number) => string): Asked[] =>
    known.map((one, i) => ({ ...one, response: answer(i) }));
  const nothing = { reward, prompts: known.length, falsePositives: [], falseNegatives: [], unstable: false };
  try {
    // 1. The good answers, twice.
    const good = await score(asked((i) => known[i].answer));
    const again = await score(asked((i) => known[i].answer));
    const unstable = good.some((own, i) => own !== again[i]);

    // 2. Each kind of bad answer against them.
    const falsePositives: LintFinding[] = [];
    const bad = new Map<string, Scores>();
    for (const { name, fault, tie, answer } of PROBES) {
      const own = await score(asked((i) => answer(known, i)));
      bad.set(name, own);
      const wins = ([best, other]: readonly number[]): boolean => (tie ? other >= best : other > best);
      falsePositives.push(finding(name, fault, [good, own], wins, tolerance));
    }

    // 3. The answer to another prompt against good answers that were changed without harm.
    const falseNegatives: LintFinding[] = [];
    for (const { name, change } of HARMLESS) {
      const changed = await score(asked((i) => change(known[i].answer)));
      const loses = ([best, other, own]: readonly number[]): boolean => best > other && own <= other;
      const scores = [good, bad.get("other") ?? [], changed];
      falseNegatives.push(finding(name, "refuses a good answer in other clothes", scores, loses, tolerance));
    }

    // 4. The faults, in words.
    const found = [...falsePositives, ...falseNegatives].filter(({ fault }) => fault);
    const faults = found.map(({ probe, means, count, n }) => `${means} (${probe}: ${count} of ${n})`);
    if (unstable) faults.unshift("scores the same answer differently the second time");
    if (good.every((own) => own === null)) faults.unshift("can score none of the good answers");
    return { ...nothing, falsePositives, falseNegatives, unstable, faults };
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return { ...nothing, failed: error.message, faults: [`does not score every answer: ${error.message}`] };
  }
}

/**
 * How often something holds of a prompt's scores.
 *
 * @param scores lists over the prompts, of which `holds` takes one number each.
 */
function finding(
  probe: string,
  means: string,
  scores: readonly Scores[],
  holds: (own: readonly number[]) => boolean,
  tolerance: number,
): LintFinding {
  const all = scores[0].map((_, i) => scores.map((list) => list[i]));
  const known = all.filter((own): own is number[] => own.every((score) => score !== null));
  const [n, count] = [known.length, known.filter(holds).length];
  return {
    ...{ probe, means, fault: n > 0 && count / n > tolerance, count, n, unscorable: all.length - n },
    ...(n > 0 && { rate: wilsonInterval(count, n) }),
  };
}

/** By a function. It sees words in the place of tokens: no model's tokenizer is at hand. */
export function byFunction(source: RewardSource): Score {
  return (asked) =>
    source.score(
      asked.map(({ prompt, meta }) => ({
        ids: wordIds(describePrompt(prompt)),
        text: describePrompt(prompt),
        meta,
      })),
      asked.map(({ response: text }) => {
        const ids = wordIds(text);
        return { ids, logProbs: ids.map(() => 0), finishReason: "stop" as const, text };
      }),
    );
}

/** A number for each word, the same for the same word. */
const wordIds = (text: string): number[] =>
  (text.match(/\S+/g) ?? []).map((word) =>
    [...word].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003, 7),
  );

/** By a reward model, on texts as training encodes them. */
async function byModel(folder: string, batchSize: number, host: WorkHost): Promise<Score> {
  const opened = await openRewardModel(host.runtime, folder, { notices: host });
  const where = { file: folder, unit: "row" as const, number: 1 };
  return (asked) => {
    const texts = asked.map(({ prompt, response }) => {
      const completion =
        typeof prompt === "string"
          ? { prompt, completion: response }
          : { prompt, completion: [{ role: "assistant" as const, content: response }] };
      return encodeDemonstration(opened.tokenizer, { kind: "completion", where, ...completion }).ids;
    });
    return rewardScores(opened, texts, batchSize);
  };
}
