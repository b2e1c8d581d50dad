/** SentencePiece's BPE in a GGUF file (tokenizer.ggml.model "llama": Llama 2, Mistral, Gemma) as a tokenizer.json. */
import { PlumbError } from "../../base/errors.js";
import type { GgufFile } from "../formats/gguf.js";
import { endsAround, ggufTokens, list } from "./gguf-tokens.js";

/** What SentencePiece writes for a space. */
const SPACE = "\u2581";
/** llama.cpp's types of tokens that merges do not make. */
const [UNKNOWN, CONTROL, USER_DEFINED, BYTE] = [2, 3, 4, 6];
const NOT_MERGED: readonly unknown[] = [UNKNOWN, CONTROL, USER_DEFINED, BYTE];

/**
 * The tokenizer.json of a SentencePiece model: text with its spaces as \u2581, merged by the tokens' scores; what no
 * token covers becomes bytes.
 *
 * @throws PlumbError if a table is missing or they do not match
 */
export function sentencePieceJson(file: GgufFile): object {
  const { tokens, types, added } = ggufTokens(file);
  const scores = list(file, "tokenizer.ggml.scores").map((score) => {
    if (typeof score === "number" && Number.isFinite(score)) return score;
    throw new PlumbError(`${file.path}: a score in tokenizer.ggml.scores is not a number.`);
  });
  if (scores.length !== tokens.length) {
    throw new PlumbError(`${file.path}: ${tokens.length} tokens have ${scores.length} scores.`);
  }
  const unknown = file.metadata.get("tokenizer.ggml.unknown_token_id");
  const prefixed = file.metadata.get("tokenizer.ggml.add_space_prefix") !== false;
  const replaced = { type: "Replace", pattern: { String: " " }, content: SPACE };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: prefixed
      ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: SPACE }, replaced] }
      : replaced,
    pre_tokenizer: null,
    post_processor: endsAround(file, tokens, true),
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: SPACE }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(prefixed ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: typeof unknown === "number" ? (tokens[unknown] ?? null) : null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: mergesOf(tokens, scores, (id) => !NOT_MERGED.includes(types[id])),
    },
  };
}

/**
 * The merges that make each token of two others, best score first, as transformers derives them from a SentencePiece
 * model (convert_slow_tokenizer.py): among equal scores those of the longer left part, then by the parts' ids.
 */
export function mergesOf(
  tokens: readonly string[],
  scores: readonly number[],
  isMerged: (id: number) => boolean,
): [string, string][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: { left: string; right: string; score: number }[] = [];
  for (const [token, id] of ids) {
    if (!isMerged(id)) continue;
    const splits: { left: string; right: string; score: number }[] = [];
    for (let at = 1; at < token.length; at++) {
      const [left, right] = [token.slice(0, at), token.slice(at)];
      if (ids.has(left) && ids.has(right)) splits.push({ left, right, score: scores[id] });
    }
    const idOf = (part: string) => ids.get(part) as number;
    merges.push(...splits.sort((a, b) => idOf(a.left) - idOf(b.left) || idOf(a.right) - idOf(b.right)));
  }
  merges.sort(
    (a, b) => b.score - a.score || b.left.length - a.left.length || b.right.length - a.right.length,
  );
  return merges.map(({ left, right }) => [left, right]);
}
