/** The tables of a tokenizer in a GGUF file (tokenizer.ggml.*), checked. */
import { PlumbError } from "../../base/errors.js";
import type { GgufFile, GgufValue } from "../formats/gguf.js";

/** llama.cpp's types of tokens that are found in a text before it is split; tokens of other types are ordinary. */
const [CONTROL, USER_DEFINED] = [3, 4];

export interface GgufTokens {
  tokens: string[];
  /** llama.cpp's type of each. */
  types: GgufValue[];
  /** Tokens that are found in a text before it is split, as tokenizer.json lists them. */
  added: object[];
}

/** @throws PlumbError if a list is missing, or they do not match */
export function ggufTokens(file: GgufFile): GgufTokens {
  const tokens = strings(file, "tokenizer.ggml.tokens");
  const types = list(file, "tokenizer.ggml.token_type");
  if (types.length !== tokens.length) {
    throw new PlumbError(`${file.path}: ${tokens.length} tokens have ${types.length} token types.`);
  }
  const added = tokens.flatMap((content, id) => {
    if (types[id] !== CONTROL && types[id] !== USER_DEFINED) return [];
    const special = types[id] === CONTROL;
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
  return { tokens, types, added };
}

/** Puts the BOS before a text if the file requires it and special tokens are requested. */
export function bosBefore(file: GgufFile, tokens: string[]): object | null {
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

export function list(file: GgufFile, key: string): GgufValue[] {
  const value = file.metadata.get(key);
  if (!Array.isArray(value)) throw new PlumbError(`${file.path}: expected a list in the metadata ${key}.`);
  return value;
}

export function strings(file: GgufFile, key: string): string[] {
  return list(file, key).map((value) => {
    if (typeof value !== "string")
      throw new PlumbError(`${file.path}: the metadata ${key} is not a list of texts.`);
    return value;
  });
}
