/** Converts the tokenizer in a GGUF file (tokenizer.ggml.*) to a tokenizer.json that any Hugging Face library reads. */
import { PlumbError } from "../../base/errors.js";
import { byteLevel, LLAMA3_PATTERN, QWEN2_PATTERN, sequenceOf, splitOn } from "../../text/pre-tokenizers.js";
import { type Tokenizer, tokenizerFromJson } from "../../text/tokenizer.js";
import type { GgufFile, GgufValue } from "../formats/gguf.js";

/** llama.cpp's types of added tokens; tokens of other types are ordinary. */
const [CONTROL, USER_DEFINED] = [3, 4];

const gpt2 = byteLevel(true);
const digitsThenGpt2 = sequenceOf([{ type: "Digits", individual_digits: true }, gpt2]);
const llama3 = sequenceOf([splitOn(LLAMA3_PATTERN), byteLevel(false)]);
const qwen2 = sequenceOf([splitOn(QWEN2_PATTERN), byteLevel(false)]);

/** Pre-tokenizers by llama.cpp's names. "default" occurs in files made before the name was recorded. */
const PRE_TOKENIZERS = new Map<string, object>([
  ["gpt-2", gpt2],
  ["default", gpt2],
  ["smollm", digitsThenGpt2],
  ["starcoder", digitsThenGpt2],
  ["refact", digitsThenGpt2],
  ["llama-bpe", llama3],
  ["llama3", llama3],
  ["llama-v3", llama3],
  ["qwen2", qwen2],
  ["deepseek-r1-qwen", qwen2],
]);

/** Pre-tokenizers whose models take whole words in the vocabulary without merging (Llama 3's tokenizer.json). */
const IGNORES_MERGES = new Set(["llama-bpe", "llama3", "llama-v3"]);
const COMPOSES_UNICODE = new Set(["qwen2", "deepseek-r1-qwen"]);

/**
 * @returns undefined if the file has no tokenizer.
 * @throws PlumbError if its kind or its pre-tokenizer is not supported, or its tables do not match.
 */
export function ggufTokenizer(file: GgufFile): Tokenizer | undefined {
  const kind = file.metadata.get("tokenizer.ggml.model");
  if (kind === undefined) return undefined;
  if (kind !== "gpt2") {
    const name = kind === "llama" ? "SentencePiece" : JSON.stringify(kind);
    throw new PlumbError(`${file.path}: its tokenizer is of the kind ${name}, which is not read from GGUF.`, {
      hint: "Use the model's Hugging Face folder, whose tokenizer.json is read whatever its kind.",
    });
  }
  return tokenizerFromJson(ggufTokenizerJson(file), ggufTokenizerConfig(file), file.path);
}

function ggufTokenizerJson(file: GgufFile): object {
  const pre = file.metadata.get("tokenizer.ggml.pre") ?? "default";
  const preTokenizer = typeof pre === "string" ? PRE_TOKENIZERS.get(pre) : undefined;
  if (typeof pre !== "string" || preTokenizer === undefined) {
    throw new PlumbError(`${file.path}: the pre-tokenizer ${JSON.stringify(pre)} is not supported.`, {
      hint: `Supported are ${[...PRE_TOKENIZERS.keys()].join(", ")}. Or use the model's Hugging Face folder.`,
    });
  }
  const tokens = strings(file, "tokenizer.ggml.tokens");
  const types = list(file, "tokenizer.ggml.token_type");
  if (types.length !== tokens.length) {
    throw new PlumbError(`${file.path}: ${tokens.length} tokens have ${types.length} token types.`);
  }
  const addedTokens = tokens.flatMap((content, id) => {
    if (types[id] !== CONTROL && types[id] !== USER_DEFINED) return [];
    const special = types[id] === CONTROL;
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens,
    normalizer: COMPOSES_UNICODE.has(pre) ? { type: "NFC" } : null,
    pre_tokenizer: preTokenizer,
    post_processor: postProcessor(file, tokens),
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

/** Puts the BOS before a text if the file requires it and special tokens are requested. */
function postProcessor(file: GgufFile, tokens: string[]): object | null {
  const bosId = file.metadata.get("tokenizer.ggml.bos_token_id");
  if (file.metadata.get("tokenizer.ggml.add_bos_token") !== true || typeof bosId !== "number") return null;
  const bos = tokens[bosId];
  if (bos === undefined) return null;
  const token = { SpecialToken: { id: bos, type_id: 0 } };
  return {
    type: "TemplateProcessing",
    single: [token, { Sequence: { id: "A", type_id: 0 } }],
    pair: [token, { Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { [bos]: { id: bos, ids: [bosId], tokens: [bos] } },
  };
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

function list(file: GgufFile, key: string): GgufValue[] {
  const value = file.metadata.get(key);
  if (!Array.isArray(value)) throw new PlumbError(`${file.path}: expected a list in the metadata ${key}.`);
  return value;
}

function strings(file: GgufFile, key: string): string[] {
  return list(file, key).map((value) => {
    if (typeof value !== "string")
      throw new PlumbError(`${file.path}: the metadata ${key} is not a list of texts.`);
    return value;
  });
}
