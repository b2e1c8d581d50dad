/** Answers of policies and datasets, with their rewards and log-ratios. */

import { rowError } from "../base/location.js";
import type { ChatMessage, Tool } from "../data/messages.js";
import type { Demonstration, PromptRow } from "../data/rows.js";
import { encodeDemonstration, encodePrompt, named } from "../data/tokenize.js";
import { EndCount, type SamplingConfig } from "../generate/index.js";
import { promptCompletion } from "../model/batch.js";
import { boundedRuns } from "../model/bounded-runs.js";
import type { Network } from "../model/network.js";
import { type RewardModel, readThrough } from "../model/reward-model.js";
import { NetworkRunner } from "../model/runner.js";
import { logRatio, sequenceLogProbs } from "../model/score.js";
import { generatorOf, type OpenedNetwork, tokenizerOf } from "../open/open-network.js";
import { checkLength } from "../open/request-forms.js";
import { rewardScores } from "../open/reward-scores.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import type { PolicyAnswer } from "./policy-report.js";

/** An answer with its prompt as the policy saw it, in tokens. */
export interface Answered extends PolicyAnswer {
  promptIds: readonly number[];
  /** Functions that the prompt offers. */
  tools?: readonly Tool[];
}

export interface Sampling {
  config: SamplingConfig;
  batchSize: number;
  signal: AbortSignal;
  onProgress: (answers: number) => void;
  /** Told if no answer ended. */
  warn: (message: string) => void;
}

/** One sampled answer to each prompt. @throws PlumbError naming a prompt that does not fit the context. */
export async function sampleAnswers(
  runtime: Runtime,
  opened: OpenedNetwork,
  prompts: readonly PromptRow[],
  { config, batchSize, signal, onProgress, warn }: Sampling,
): Promise<Answered[]> {
  const tokenizer = tokenizerOf(opened);
  const encoded = prompts.map(({ prompt, tools, where }) => {
    const ids = named(where, () => encodePrompt(tokenizer, prompt, tools));
    checkLength(where, ids, opened.config, config.maxNewTokens);
    return ids;
  });
  const generator = generatorOf(runtime, opened);
  let done = 0;
  const onCompletion = (): void => onProgress(++done);
  const completions = await generator.generate(encoded, config, { batchSize, signal, onCompletion });
  generator.release();
  const ends = new EndCount();
  for (const { finishReason } of completions) ends.add(finishReason === "stop");
  const doubt = ends.doubt(config.maxNewTokens);
  if (doubt !== undefined) warn(doubt);
  return completions.map(({ ids, text = "", finishReason }, i) => {
    const { prompt, tools } = prompts[i];
    const stopped = finishReason === "stop";
    return { prompt, ...(tools && { tools }), promptIds: encoded[i], ids, text, stopped };
  });
}

/** The answers that a dataset gives to its prompts, as demonstrations show them. */
export function datasetAnswers(tokenizer: Tokenizer, rows: readonly Demonstration[]): Answered[] {
  return rows.map((row) => {
    if (row.kind !== "completion") {
      throw rowError(
        row.where,
        "has no answer of its own to compare with",
        'Expected "prompt" and "completion".',
      );
    }
    const { ids } = encodeDemonstration(tokenizer, row);
    const promptIds = encodePrompt(tokenizer, row.prompt, row.tools);
    const text = typeof row.completion === "string" ? row.completion : contentOf(row.completion);
    const { prompt, tools } = row;
    return {
      prompt,
      ...(tools && { tools }),
      promptIds,
      ids: ids.slice(promptIds.length),
      text,
      stopped: true,
    };
  });
}

const contentOf = (messages: readonly ChatMessage[]): string =>
  messages.map(({ content }) => content).join("\n");

/** Adds each answer's reward: of its tokens if both models share a tokenizer, else of its text, encoded again. */
export async function addRewards(
  answers: readonly Answered[],
  tokenizer: Tokenizer,
  rewardModel: RewardModel,
  batchSize: number,
): Promise<Answered[]> {
  const texts = answers.map((answer) =>
    sameTokenizer(tokenizer, rewardModel.tokenizer)
      ? [...answer.promptIds, ...answer.ids]
      : reencoded(answer, rewardModel.tokenizer),
  );
  const read = texts.map((ids) => readThrough(rewardModel, ids));
  const rewards = await rewardScores(rewardModel, read, batchSize);
  return answers.map((answer, i) => ({ ...answer, reward: rewards[i] }));
}

const sameTokenizer = (a: Tokenizer, b: Tokenizer): boolean =>
  a === b || a.files["tokenizer.json"] === b.files["tokenizer.json"];

function reencoded({ prompt, tools, text }: Answered, tokenizer: Tokenizer): number[] {
  const where = { file: "answers", unit: "row", number: 1 } as const;
  const completion: ChatMessage[] = [{ role: "assistant", content: text }];
  const row: Demonstration =
    typeof prompt === "string"
      ? { kind: "completion", prompt, completion: text, where }
      : { kind: "completion", prompt, completion, ...(tools && { tools: [...tools] }), where };
  return encodeDemonstration(tokenizer, row).ids;
}

/** Adds each answer's log-ratio of policy and reference, at the temperature it was sampled with. */
export async function addLogRatios(
  runtime: Runtime,
  answers: readonly Answered[],
  policy: OpenedNetwork,
  reference: Network,
  temperature: number,
  batchSize: number,
): Promise<Answered[]> {
  const sequences = answers.map(({ promptIds, ids }) => promptCompletion(promptIds, ids));
  const { vocabSize } = policy.config;
  const of = (network: Network) => {
    const runner = new NetworkRunner(runtime, network);
    return boundedRuns(sequences, vocabSize, batchSize, (part, rows) =>
      sequenceLogProbs(runner, part, { rows, padId: policy.padId }, temperature),
    );
  };
  const [own, other] = [await of(policy.network), await of(reference)];
  return answers.map((answer, i) => ({ ...answer, logRatio: logRatio(own[i], other[i]) }));
}
