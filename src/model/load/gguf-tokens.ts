/** The tables of a tokenizer in a GGUF file (tokenizer.ggml.*), checked. */
import { PlumbError } from "../../base/errors.js";
import type { GgufFile, GgufValue } from "../formats/gguf.js";

/** llama.cpp's types of tokens that are found in a text before it is split; tokens of other types are ordinary. */
const [CONTROL, USER_DEFINED] = [3, 4];

interface GgufTokens {
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

/**
 * Puts the BOS before a text, and the EOS after it, if special tokens are requested and the file asks for them
 * (`add_bos_token`, `add_eos_token`).
 *
 * @param addsBos whether a file that says nothing asks for a BOS: llama.cpp's default for its kind.
 */
export function endsAround(file: GgufFile, tokens: readonly string[], addsBos: boolean): object | null {
  const asked = (name: string, byDefault: boolean): [string, number][] => {
    const id = file.metadata.get(`tokenizer.ggml.${name}_token_id`);
    const wanted = file.metadata.get(`tokenizer.ggml.add_${name}_token`) ?? byDefault;
    return wanted === true && typeof id === "number" && tokens[id] !== undefined ? [[tokens[id], id]] : [];
  };
  const [before, after] = [asked("bos", addsBos), asked("eos", false)];
  if (before.length + after.length === 0) return null;
  const special = (ends: [string, number][], typeId: number): object[] =>
    ends.map(([token]) => ({ SpecialToken: { id: token, type_id: typeId } }));
  const part = (id: string, typeId: number): object => ({ Sequence: { id, type_id: typeId } });
  return {
    type: "TemplateProcessing",
    single: [...special(before, 0), part("A", 0), ...special(after, 0)],
    pair: [...special(before, 0), part("A", 0), part("B", 1), ...special(after, 1)],
    special_tokens: Object.fromEntries(
      [...before, ...after].map(([token, id]) => [token, { id: token, ids: [id], tokens: [token] }]),
    ),
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
