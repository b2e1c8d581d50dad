/** Converts the tokenizer in a GGUF file (tokenizer.ggml.*) to a tokenizer.json that any Hugging Face library reads. */
import { PlumbError } from "../../base/errors.js";
import { type Tokenizer, tokenizerFromJson } from "../../text/tokenizer.js";
import type { GgufFile } from "../formats/gguf.js";
import { PRE_TOKENIZERS } from "./gguf-pre-tokenizers.js";
import { sentencePieceJson } from "./gguf-sentencepiece.js";
import { endsAround, ggufTokens, strings } from "./gguf-tokens.js";

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

/** Architectures whose own tokenizer splits as GPT-2's does: files without a name mean that. */
const SPLIT_AS_GPT2: readonly unknown[] = ["gpt2", "gptneox"];

/** What of the tokenizer is a guess, in words; undefined: nothing. */
export function guessedOf({ metadata }: GgufFile): string | undefined {
  const pre = metadata.get("tokenizer.ggml.pre") ?? "default";
  const isSaid = metadata.get("tokenizer.ggml.model") !== "gpt2" || pre !== "default";
  if (isSaid || SPLIT_AS_GPT2.includes(metadata.get("general.architecture"))) return undefined;
  return "it does not say how its tokenizer splits texts (tokenizer.ggml.pre): they are split as by GPT-2's, which may not be its author's way. Use the model's Hugging Face folder, or convert it again";
}

/** Byte-level BPE, with llama.cpp's named expressions to split by. */
function bytePairJson(file: GgufFile): object {
  const pre = file.metadata.get("tokenizer.ggml.pre") ?? "default";
  const preTokenizer = typeof pre === "string" ? PRE_TOKENIZERS.get(pre) : undefined;
  if (preTokenizer === undefined) {
    const name = JSON.stringify(pre, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
    throw new PlumbError(`${file.path}: the pre-tokenizer ${name.slice(0, 64)} is not supported.`, {
      hint: "Use the model's Hugging Face folder, whose tokenizer.json says how it splits a text. docs/architectures.md lists the names that are read.",
    });
  }
  const { splits, ignoresMerges = false, composes = false, addsBos = false } = preTokenizer;
  const { tokens, added } = ggufTokens(file);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: composes ? { type: "NFC" } : null,
    pre_tokenizer: splits,
    post_processor: endsAround(file, tokens, addsBos),
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: ignoresMerges,
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
