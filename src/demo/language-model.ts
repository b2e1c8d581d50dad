import type { Sequence } from "../model/batch.js";
import type { ModelConfig } from "../model/config.js";
import { type Tokenizer, tokenizerFromJson, trainByteLevelBpe } from "../text/index.js";
import {
  CHAT_TEMPLATE,
  EOS_TOKEN,
  formatPrompt,
  PAD_TOKEN,
  SPECIAL_TOKENS,
} from "../worlds/assistant/index.js";
import type { DemoConfig } from "./config.js";

/** Longest context of the demo's model, in tokens. */
const CONTEXT = 128;

/** A tokenizer trained on the world's text, with its chat format. */
export function worldTokenizer(texts: readonly string[], vocabSize: number): Tokenizer {
  const json = trainByteLevelBpe(texts, { vocabSize, specialTokens: Object.values(SPECIAL_TOKENS) });
  return tokenizerFromJson(json, {
    eos_token: EOS_TOKEN,
    pad_token: PAD_TOKEN,
    chat_template: CHAT_TEMPLATE,
  });
}

/** The configuration of a Llama of the demo's size. */
export function worldModelConfig(config: DemoConfig["model"], tokenizer: Tokenizer): ModelConfig {
  const { hiddenSize, intermediateSize, layers, heads, kvHeads } = config;
  return {
    architecture: "llama",
    vocabSize: tokenizer.vocabSize,
    hiddenSize,
    intermediateSize,
    layers,
    heads,
    kvHeads,
    headDim: hiddenSize / heads,
    maxPositions: CONTEXT,
    rmsNormEps: 1e-5,
    ropeTheta: 10_000,
    tieWordEmbeddings: true,
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    eosIds: tokenizer.eosId === undefined ? [] : [tokenizer.eosId],
    padId: tokenizer.padId,
  };
}

/** Token ids of the texts of the world, by tokenizer: its documents and prompts are few and come often. */
const known = new WeakMap<Tokenizer, Map<string, readonly number[]>>();

function idsOf(tokenizer: Tokenizer, text: string): readonly number[] {
  const texts = known.get(tokenizer) ?? new Map<string, readonly number[]>();
  known.set(tokenizer, texts);
  const ids = texts.get(text) ?? tokenizer.encode(text);
  texts.set(text, ids);
  return ids;
}

/** A document of the corpus: every token counts in the loss, and it ends like a turn. */
export function documentSequence(tokenizer: Tokenizer, text: string): Sequence {
  const ids = idsOf(tokenizer, text + EOS_TOKEN);
  return { ids, lossMask: ids.map(() => true) };
}

/** Token ids of a question in the chat format. */
export const promptIds = (tokenizer: Tokenizer, prompt: string): number[] => [
  ...idsOf(tokenizer, formatPrompt(prompt)),
];

/** A question and its answer; the answer and the end of its turn count in the loss. */
export function dialogueSequence(tokenizer: Tokenizer, prompt: string, response: string): Sequence {
  const before = promptIds(tokenizer, prompt);
  const after = tokenizer.encode(response + EOS_TOKEN);
  return { ids: [...before, ...after], lossMask: [...before.map(() => false), ...after.map(() => true)] };
}
