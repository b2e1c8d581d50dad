import { trainByteLevelBpe } from "../src/text/bpe-trainer.js";

/** A tokenizer of 128 ids, as many as llama-tied has rows, and of the added ones. */
export function tokenizerJson(added: readonly string[]): string {
  const json = trainByteLevelBpe(["ab"], { vocabSize: 257, specialTokens: ["<s>"] }) as {
    model: { vocab: Record<string, number> };
    added_tokens: object[];
  };
  json.model.vocab = Object.fromEntries(Object.entries(json.model.vocab).filter(([, id]) => id < 128));
  const token = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  json.added_tokens.push(...added.map((content, i) => ({ ...token, id: 128 + i, content })));
  return JSON.stringify(json);
}
