/** Converts the tokenizer in a GGUF file (tokenizer.ggml.*) to a tokenizer.json that any Hugging Face library reads. */
import { PlumbError } from "../../base/errors.js";
import {
  byteLevel,
  GPT4O_PATTERN,
  LLAMA3_PATTERN,
  QWEN2_PATTERN,
  sequenceOf,
  splitOn,
  TEKKEN_PATTERN,
} from "../../text/pre-tokenizers.js";
import { type Tokenizer, tokenizerFromJson } from "../../text/tokenizer.js";
import type { GgufFile } from "../formats/gguf.js";
import { sentencePieceJson } from "./gguf-sentencepiece.js";
import { bosBefore, ggufTokens, strings } from "./gguf-tokens.js";

const gpt2 = byteLevel(true);
const digitsThenGpt2 = sequenceOf([{ type: "Digits", individual_digits: true }, gpt2]);
const llama3 = sequenceOf([splitOn(LLAMA3_PATTERN), byteLevel(false)]);
const tekken = sequenceOf([splitOn(TEKKEN_PATTERN), byteLevel(false)]);
const gpt4o = sequenceOf([splitOn(GPT4O_PATTERN), byteLevel(false)]);
const qwen2 = sequenceOf([splitOn(QWEN2_PATTERN), byteLevel(false)]);

/** Pre-tokenizers by llama.cpp's names. "default" occurs in files made before the name was recorded. */
const PRE_TOKENIZERS = new Map<string, object>([
  ["gpt-2", gpt2],
  ["default", gpt2],
  ["smollm", digitsThenGpt2],
  ["starcoder", digitsThenGpt2],
  ["refact", digitsThenGpt2],
  ["command-r", digitsThenGpt2],
  ["codeshell", digitsThenGpt2],
  ["mpt", gpt2],
  ["olmo", gpt2],
  ["phi-2", gpt2],
  ["jais", gpt2],
  ["dbrx", llama3],
  ["smaug-bpe", llama3],
  ["tekken", tekken],
  ["gpt-4o", gpt4o],
  ["llama-bpe", llama3],
  ["llama3", llama3],
  ["llama-v3", llama3],
  ["qwen2", qwen2],
  ["deepseek-r1-qwen", qwen2],
]);

/** Pre-tokenizers whose models take whole words in the vocabulary without merging (Llama 3's tokenizer.json). */
const IGNORES_MERGES = new Set(["llama-bpe", "llama3", "llama-v3", "tekken"]);
const COMPOSES_UNICODE = new Set(["qwen2", "deepseek-r1-qwen"]);

/**
 * @returns undefined if the file has no tokenizer.
 * @throws PlumbError if its kind or its pre-tokenizer is not supported, or its tables do not match.
 */
export function ggufTokenizer(file: GgufFile): Tokenizer | undefined {
  const kind = file.metadata.get("tokenizer.ggml.model");
  if (kind === undefined) return undefined;
  const json = kind === "gpt2" ? bytePairJson(file) : kind === "llama" ? sentencePieceJson(file) : undefined;
  if (json === undefined) {
    throw new PlumbError(
      `${file.path}: its tokenizer is of the kind ${JSON.stringify(kind)}, which is not read from GGUF.`,
      {
        hint: "Use the model's Hugging Face folder, whose tokenizer.json is read whatever its kind.",
      },
    );
  }
  return tokenizerFromJson(json, ggufTokenizerConfig(file), file.path);
}

/** Byte-level BPE, with llama.cpp's named expressions to split by. */
function bytePairJson(file: GgufFile): object {
  const pre = file.metadata.get("tokenizer.ggml.pre") ?? "default";
  const preTokenizer = typeof pre === "string" ? PRE_TOKENIZERS.get(pre) : undefined;
  if (typeof pre !== "string" || preTokenizer === undefined) {
    throw new PlumbError(`${file.path}: the pre-tokenizer ${JSON.stringify(pre)} is not supported.`, {
      hint: `Supported are ${[...PRE_TOKENIZERS.keys()].join(", ")}. Or use the model's Hugging Face folder.`,
    });
  }
  const { tokens, added } = ggufTokens(file);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: COMPOSES_UNICODE.has(pre) ? { type: "NFC" } : null,
    pre_tokenizer: preTokenizer,
    post_processor: bosBefore(file, tokens),
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: IGNORES_MERGES.has(pre),
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: strings(file, "tokenizer.ggml.merges").map((merge) => splitMerge(file, merge)),
    },
  };
}

/** Splits "left right". A token contains no space: byte-level tokens write it as another character. */
function splitMerge(file: GgufFile, merge: string): [string, string] {
  const parts = merge.split(" ");
  if (parts.length !== 2) {
    throw new PlumbError(
      `${file.path}: the merge ${JSON.stringify(merge.slice(0, 40))} is not two tokens with a space between.`,
    );
  }
  return [parts[0], parts[1]];
}

function ggufTokenizerConfig(file: GgufFile): object {
  const tokens = strings(file, "tokenizer.ggml.tokens");
  const named = (key: string): string | undefined => {
    const id = file.metadata.get(`tokenizer.ggml.${key}_token_id`);
    return typeof id === "number" ? tokens[id] : undefined;
  };
  const template = file.metadata.get("tokenizer.chat_template");
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: named("bos"),
    eos_token: named("eos"),
    unk_token: named("unknown"),
    pad_token: named("padding"),
    clean_up_tokenization_spaces: false,
    chat_template: typeof template === "string" ? template : undefined,
  };
}
