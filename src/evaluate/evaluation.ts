/** A policy, a reward model, or both, measured on files of prompts, preferences and demonstrations. */
import { z } from "zod";
import { inGroup } from "../base/setting-groups.js";
import { usageError } from "../base/usage-error.js";
import {
  conversationKey,
  demonstrationKey,
  demonstrationNames,
  preferenceNames,
} from "../data/conversation.js";
import { loadDemonstrations, loadPreferences, loadPrompts } from "../data/load.js";
import type { PromptRow } from "../data/rows.js";
import { holdOut } from "../data/split.js";
import { encodeDemonstrations, encodePreference } from "../data/tokenize.js";
import { writeRows } from "../data/write-rows.js";
import { samplingSchema } from "../generate/index.js";
import { boundedRuns } from "../model/bounded-runs.js";
import { frozenNetwork } from "../model/create.js";
import type { Network } from "../model/network.js";
import { openRewardModel, type RewardModel, readThrough, type SharedBase } from "../model/reward-model.js";
import { NetworkRunner } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { oneChoice } from "../open/base-precision.js";
import { textsOfFiles } from "../open/calibration-texts.js";
import type { WorkHost } from "../open/host.js";
import { adapterSetting, baseSettings, chatSettings, modelSetting } from "../open/model-settings.js";
import { type OpenedNetwork, openBaseModel, tokenizerOf } from "../open/open-network.js";
import { checkLength } from "../open/request-forms.js";
import { rewardScores } from "../open/reward-scores.js";
import type { Runtime } from "../runtime/runtime.js";
import { clustersOf } from "../statistics/clusters.js";
import { type Interval, preferenceAccuracy, type WinRate } from "../statistics/estimates.js";
import { pooledMeanInterval } from "../statistics/means.js";
import { type Answered, addLogRatios, addRewards, datasetAnswers, sampleAnswers } from "./answers.js";
import {
  type Comparison,
  compareAnswers,
  type PolicyReport,
  perplexity,
  policyReport,
} from "./policy-report.js";

const file = z.string().min(1);
/** What is measured, and on what. */
export const evaluationSchema = z.object({
  ...inGroup("files", {
    model: modelSetting
      .optional()
      .describe("the policy: a .gguf file, a Hugging Face folder or hf:owner/name"),
    adapter: adapterSetting.describe("the policy's PEFT adapters, applied in this order"),
    against: modelSetting.optional().describe("another policy to compare with; also the KL's reference"),
    againstAdapter: adapterSetting.describe("the other policy's adapters; without --against, over --model"),
    againstReferences: z.boolean().default(false).describe("compare with the answers in the --prompts file"),
    rewardModel: file
      .optional()
      .describe("a folder that plumb reward wrote, or a model for sequence classification"),
    prompts: file.optional().describe("sample an answer to each of these prompts, and measure the answers"),
    preferences: file.optional().describe("measure the reward model's accuracy on these preferences"),
    demonstrations: file.optional().describe("measure the policy's perplexity on these demonstrations"),
    limit: z.number().int().positive().optional().describe("only the first rows of each file"),
    holdOut: z
      .number()
      .gt(0)
      .max(0.5)
      .optional()
      .describe(
        "of --preferences and --demonstrations, only the rows that training on the file with this --hold-out keeps",
      ),
    samples: file
      .optional()
      .describe("write prompts, answers and rewards to this file (.jsonl, .csv or .parquet)"),
  }),
  ...chatSettings,
  ...baseSettings,
  ...inGroup("memory", {
    batchSize: z.number().int().min(1).max(1024).default(32).describe("rows per forward pass"),
  }),
  ...samplingSchema.pick({ maxNewTokens: true, temperature: true, seed: true }).shape,
});
/** Settings of `plumb evaluate` with their defaults filled in. */
export type Config = z.output<typeof evaluationSchema>;

/** Everything that was measured; what was not asked for is absent. */
export interface Evaluation {
  policies?: PolicyReport[];
  comparison?: Comparison;
  /** A reward model's accuracy on preferences, and by how much it prefers the chosen side. */
  preferences?: { n: number; accuracy: WinRate; margin: Interval };
  demonstrations?: Interval & { n: number; tokens: number };
}

/** @throws PlumbError if something cannot be measured with these settings, or a file or model is wrong. */
export async function evaluate(config: Config, host: WorkHost): Promise<Evaluation> {
  checkAsked(config);
  const { runtime } = host;
  const shared = new Map<string, SharedBase>();
  const choice = oneChoice(runtime, config, host);
  const open = async (model: string, adapters: readonly string[]): Promise<OpenedNetwork> => {
    const opened = await openBaseModel(runtime, model, adapters, { shared, chat: config, notices: host });
    return choice.network(opened, () => evaluationTexts(opened, config));
  };
  const needsPolicy = config.prompts !== undefined || config.demonstrations !== undefined;
  const policy =
    needsPolicy && config.model !== undefined ? await open(config.model, config.adapter) : undefined;
  const rewardModel =
    config.rewardModel === undefined
      ? undefined
      : await openRewardModel(runtime, config.rewardModel, {
          shared,
          choose: choice.rewardBase((base) => () => evaluationTexts(base, config)),
          notices: host,
        });
  const evaluation: Evaluation = {};
  if (config.demonstrations !== undefined && policy) {
    evaluation.demonstrations = await measureDemonstrations(host, policy, config.demonstrations, config);
  }
  if (config.preferences !== undefined && rewardModel) {
    evaluation.preferences = await measurePreferences(host, rewardModel, config.preferences, config);
  }
  if (config.prompts !== undefined && policy) {
    const otherModel = config.against ?? (config.againstAdapter.length > 0 ? config.model : undefined);
    const other = otherModel === undefined ? undefined : await open(otherModel, config.againstAdapter);
    Object.assign(
      evaluation,
      await measurePolicies(host, { policy, other, rewardModel }, config.prompts, config),
    );
  }
  return evaluation;
}

/** @throws PlumbError if settings that a measurement needs are missing or contradict each other. */
function checkAsked(config: Config): void {
  const { model, against, againstAdapter, againstReferences, rewardModel, prompts, preferences } = config;
  const compares = against !== undefined || againstAdapter.length > 0 || againstReferences;
  if (prompts === undefined && preferences === undefined && config.demonstrations === undefined) {
    throw usageError("there is nothing to measure", "Give --prompts, --preferences or --demonstrations.");
  }
  if (model === undefined && (prompts !== undefined || config.demonstrations !== undefined)) {
    throw usageError("--prompts and --demonstrations need a policy", "Give --model.");
  }
  if (config.holdOut !== undefined && preferences === undefined && config.demonstrations === undefined) {
    throw usageError("--hold-out is for --preferences and --demonstrations", "Prompts are not held out.");
  }
  if (preferences !== undefined && rewardModel === undefined) {
    throw usageError("--preferences needs a reward model", "Give --reward-model.");
  }
  if (!compares) return;
  if (prompts === undefined) throw usageError("a comparison needs prompts", "Give --prompts.");
  if (rewardModel === undefined) throw usageError("a win rate needs a judge", "Give --reward-model.");
  if (againstReferences && (against !== undefined || againstAdapter.length > 0)) {
    throw usageError("compare with another policy or with the dataset's answers, not both at once");
  }
}

/** Texts of the evaluated files, to calibrate a base in 8 bits on. */
async function evaluationTexts(
  { tokenizer }: Pick<OpenedNetwork, "tokenizer">,
  { prompts, preferences, demonstrations, limit }: Config,
): Promise<number[][]> {
  const files = [demonstrations, preferences, prompts].filter((path) => path !== undefined);
  return tokenizer ? textsOfFiles(files, tokenizer, limit) : [];
}

interface Judged {
  policy: OpenedNetwork;
  other: OpenedNetwork | undefined;
  rewardModel: RewardModel | undefined;
}

async function measurePolicies(
  host: WorkHost,
  { policy, other, rewardModel }: Judged,
  path: string,
  config: Config,
): Promise<Pick<Evaluation, "policies" | "comparison">> {
  const { runtime, signal } = host;
  const { limit, batchSize, againstReferences, temperature, maxNewTokens, seed } = config;
  const options = { warn: host.warn, ...(limit !== undefined && { limit }) };
  const sampling = samplingSchema.parse({ temperature, maxNewTokens, seed });
  // 1. Answers.
  const references = againstReferences ? await loadDemonstrations(path, options) : undefined;
  const given = references && datasetAnswers(tokenizerOf(policy), references);
  const prompts: PromptRow[] =
    references?.map((row, i) => ({
      prompt: given?.[i].prompt ?? "",
      ...(row.kind !== "text" && row.tools && { tools: row.tools }),
      where: row.where,
    })) ?? (await loadPrompts(path, options));
  const sample = async (label: string, opened: OpenedNetwork): Promise<Answered[]> => {
    const progress = host.progress({ label, total: prompts.length, unit: "answers" });
    const onProgress = (done: number) => progress.update(done);
    const answers = await sampleAnswers(runtime, opened, prompts, {
      config: sampling,
      batchSize,
      signal,
      onProgress,
      warn: (message) => host.warn(`${label}: ${message}`),
    });
    progress.end();
    return answers;
  };
  let mine = await sample("policy", policy);
  let theirs = other ? await sample("other policy", other) : given;

  // 2. KL and rewards.
  const reference = klReference(runtime, policy, other);
  if (reference && temperature > 0) {
    mine = await addLogRatios(runtime, mine, policy, reference.network, temperature, batchSize);
  }
  if (rewardModel) {
    mine = await addRewards(mine, tokenizerOf(policy), rewardModel, batchSize);
    theirs = theirs && (await addRewards(theirs, tokenizerOf(other ?? policy), rewardModel, batchSize));
  }

  // 3. Figures.
  const name = other ? "other" : "dataset";
  if (config.samples !== undefined)
    await writeRows(
      config.samples,
      mine.map((answer, i) => sampleRow(answer, theirs?.[i])),
    );
  return {
    policies: [
      policyReport("policy", mine, reference?.name),
      ...(theirs ? [policyReport(name, theirs)] : []),
    ],
    ...(theirs && rewardModel && { comparison: compareAnswers(mine, theirs, name) }),
  };
}

/**
 * The reference of the policy's KL: the other policy, if its vocabulary is as large; without another, the policy's
 * base.
 */
function klReference(
  runtime: Runtime,
  policy: OpenedNetwork,
  other: OpenedNetwork | undefined,
): { name: string; network: Network } | undefined {
  if (other)
    return other.config.vocabSize === policy.config.vocabSize
      ? { name: "other", network: other.network }
      : undefined;
  const { unadapted } = policy;
  if (unadapted === undefined || unadapted.config.vocabSize !== policy.config.vocabSize) return undefined;
  // Where the adapter left the base as it was, this is the policy's own, which may be in 8 bits.
  const base = unadapted.config === policy.config ? policy.base : unadapted.base;
  return { name: "base", network: frozenNetwork(runtime, unadapted.config, base) };
}

function sampleRow(answer: Answered, other: Answered | undefined): Record<string, unknown> {
  const { prompt, text, reward } = answer;
  return {
    prompt,
    answer: text,
    ...(reward !== undefined && { reward }),
    ...(other && {
      other_answer: other.text,
      ...(other.reward !== undefined && { other_reward: other.reward }),
    }),
  };
}

/** The rows that training with such a share keeps from itself, or without one all. */
function keptRows<Row>(
  host: WorkHost,
  rows: readonly Row[],
  share: number | undefined,
  names: (row: Row) => readonly string[],
): readonly Row[] {
  if (share === undefined) return rows;
  const { train, heldOut } = holdOut(rows, share, names);
  host.info(
    `${heldOut.length} rows that training with --hold-out ${share} keeps; ${train.length} are left out`,
  );
  return heldOut;
}

async function measurePreferences(
  host: WorkHost,
  rewardModel: RewardModel,
  path: string,
  { limit, batchSize, holdOut: share }: Config,
): Promise<Evaluation["preferences"]> {
  const all = await loadPreferences(path, { warn: host.warn, ...(limit !== undefined && { limit }) });
  const rows = keptRows(host, all, share, preferenceNames);
  const texts = rows.flatMap((row) => {
    const { chosen, rejected } = encodePreference(rewardModel.tokenizer, row);
    return [chosen, rejected].map((ids) => readThrough(rewardModel, ids));
  });
  const progress = host.progress({ label: "preferences", total: texts.length, unit: "texts" });
  const scores = await rewardScores(rewardModel, texts, batchSize, (done) => progress.update(done));
  progress.end();
  const pairs = rows.map((_, i) => ({ chosen: scores[2 * i], rejected: scores[2 * i + 1] }));
  const clusters = rows.map(({ prompt, chosen }) => conversationKey(prompt, chosen));
  const margins = pairs.map(({ chosen, rejected }) => chosen - rejected);
  const margin = pooledMeanInterval(clustersOf(margins, clusters));
  return { n: rows.length, accuracy: preferenceAccuracy(pairs, { clusters }), margin };
}

async function measureDemonstrations(
  host: WorkHost,
  policy: OpenedNetwork,
  path: string,
  { limit, batchSize, holdOut: share }: Config,
): Promise<Evaluation["demonstrations"]> {
  const tokenizer = tokenizerOf(policy);
  const all = await loadDemonstrations(path, { warn: host.warn, ...(limit !== undefined && { limit }) });
  const rows = keptRows(host, all, share, demonstrationNames);
  const sequences = rows.flatMap((row) =>
    encodeDemonstrations(tokenizer, row).map((sequence) => {
      checkLength(row.where, sequence.ids, policy.config);
      return { ...sequence, conversation: demonstrationKey(row) };
    }),
  );
  const runner = new NetworkRunner(host.runtime, policy.network);
  const progress = host.progress({ label: "demonstrations", total: sequences.length, unit: "texts" });
  let done = 0;
  const logProbs = await boundedRuns(sequences, policy.config.vocabSize, batchSize, async (part, size) => {
    const values = await sequenceLogProbs(runner, part, { rows: size, padId: policy.padId });
    progress.update((done += part.length));
    return values;
  });
  progress.end();
  return perplexity(
    logProbs.map((values, i) => ({ logProbs: values, conversation: sequences[i].conversation })),
  );
}
