/**
 * Tokenizers as described by tokenizer.json, run by @huggingface/tokenizers.
 *
 * Left out on purpose: `clean_up_tokenization_spaces`, which changes the sampled text. Decoding what was encoded gives
 * the same text back wherever the tokenizer itself is lossless.
 */

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer as JsonTokenizer } from "@huggingface/tokenizers";
import { messageOf, PlumbError } from "../base/errors.js";
import { isRecord } from "../base/json-values.js";
import { asUnicodeSplits } from "./pre-tokenizers.js";

/** Larger tokenizer files are refused; the largest in use (vocabularies of 262,144) are about 35 MB. */
const MAX_TOKENIZER_FILE_BYTES = 128 * 1024 * 1024;
/** The highest token id that is accepted, so that a hostile file cannot ask for a vast table. */
const MAX_TOKEN_ID = 2 ** 22 - 1;

/** The part of @huggingface/tokenizers used here; the package's own declarations do not resolve under NodeNext. */
interface InnerTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[], options: { clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_added_tokens_decoder(): Map<number, { special: boolean }>;
  get_vocab(): Map<string | undefined, number>;
}

/** Supported model types. Older files omit the type; the library then infers it from the fields. */
const MODELS: readonly unknown[] = ["BPE", "WordPiece", "Unigram"];

/** What a chat template is told beside the conversation. */
export interface ChatSettings {
  /** The template's own variables, such as enable_thinking. */
  variables?: Readonly<Record<string, unknown>>;
  /** The day, such as "2024-07-26", for templates that state it. */
  date?: string;
}

/** Text to token ids and back, as a model's files describe it. */
export interface Tokenizer {
  /** 1 + the highest token id. A model may have more rows than this (padding), never fewer. */
  readonly vocabSize: number;
  readonly eosId?: number;
  readonly bosId?: number;
  /** The padding token, which is not the EOS; see `choosePad`. */
  readonly padId: number;
  /** The Jinja source of the model's own chat template. */
  readonly chatTemplate?: string;
  /** The template for conversations with tools, where the model has one of its own for them. */
  readonly toolTemplate?: string;
  /** Texts of the special tokens that the configuration names: `eos_token`, `unk_token` and so on. */
  readonly namedTokens: Readonly<Record<string, string>>;
  /** What the template is told beside the conversation. */
  readonly chat?: ChatSettings;
  /** Files to write next to a saved model: name to text. */
  readonly files: Record<string, string>;
  /**
   * Token ids of a text. Special tokens written in the text are recognised; others are added only with
   * `addSpecialTokens`.
   */
  encode(text: string, options?: { addSpecialTokens?: boolean }): number[];
  /** Text of token ids. Ids without a token (padding rows of a model's embedding) add nothing. */
  decode(ids: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  isSpecial(id: number): boolean;
  /** Whether the token was added to the vocabulary, special or not; added white space does not count. */
  isAdded(id: number): boolean;
}

/**
 * Reads a tokenizer from a Hugging Face folder: tokenizer.json, tokenizer_config.json and chat_template.jinja, in which
 * newer versions of transformers store the template.
 *
 * @throws PlumbError if a file is missing, too large or invalid.
 */
export async function loadTokenizer(dir: string): Promise<Tokenizer> {
  const tokenizer = await readJsonFile(join(dir, "tokenizer.json"));
  if (tokenizer === undefined) {
    throw new PlumbError(`${dir} has no tokenizer.json.`, {
      hint: "Only fast tokenizers are read. In Python, AutoTokenizer.from_pretrained(...).save_pretrained(...) writes one.",
    });
  }
  const config = (await readJsonFile(join(dir, "tokenizer_config.json"))) ?? {};
  const template = await readTextFile(join(dir, "chat_template.jinja"));
  const forTools = await readTextFile(join(dir, "additional_chat_templates", "tool_use.jinja"));
  if (template === undefined) return tokenizerFromJson(tokenizer, config, dir);
  const named = [
    { name: "default", template },
    { name: "tool_use", template: forTools },
  ];
  const chat_template = forTools === undefined ? template : named;
  return tokenizerFromJson(tokenizer, { ...config, chat_template }, dir);
}

/** The chat template of a folder, with or without a tokenizer.json. @throws PlumbError as `loadTokenizer` */
export async function loadChatTemplate(dir: string): Promise<string | undefined> {
  const template = await readTextFile(join(dir, "chat_template.jinja"));
  if (template !== undefined) return template;
  const config = (await readJsonFile(join(dir, "tokenizer_config.json"))) ?? {};
  return "chat_template" in config ? chatTemplateOf(config.chat_template, "default") : undefined;
}

/** The tokenizer with another chat template, in its files too. */
export function withChatTemplate(tokenizer: Tokenizer, chatTemplate: string): Tokenizer {
  const config = JSON.parse(tokenizer.files["tokenizer_config.json"] ?? "{}") as object;
  const text = `${JSON.stringify({ ...config, chat_template: chatTemplate }, null, 2)}\n`;
  const { toolTemplate: _, ...rest } = tokenizer;
  return { ...rest, chatTemplate, files: { ...tokenizer.files, "tokenizer_config.json": text } };
}

/**
 * A tokenizer from the parsed contents of tokenizer.json and tokenizer_config.json.
 *
 * @param source where they came from, for error messages.
 * @throws PlumbError if they do not describe a tokenizer.
 */
export function tokenizerFromJson(
  tokenizerJson: object,
  tokenizerConfig: object,
  source = "tokenizer.json",
): Tokenizer {
  const json = new Map<string, unknown>(Object.entries(tokenizerJson));
  const config = new Map<string, unknown>(Object.entries(tokenizerConfig));
  checkIds(json, source);
  let inner: InnerTokenizer;
  try {
    inner = new JsonTokenizer(
      {
        normalizer: null,
        decoder: null,
        post_processor: null,
        added_tokens: [],
        ...tokenizerJson,
        pre_tokenizer: asUnicodeSplits(json.get("pre_tokenizer") ?? null),
      },
      { ...tokenizerConfig, additional_special_tokens: [] },
    );
  } catch (error) {
    throw new PlumbError(`${source}: this tokenizer cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }

  const vocab = inner.get_vocab();
  const [added, special] = [new Set<number>(), new Set<number>()];
  for (const [id, token] of inner.get_added_tokens_decoder()) {
    if (token.special) special.add(id);
    if (inner.id_to_token(id)?.trim() !== "") added.add(id);
  }
  let highest = -1;
  for (const [token, id] of vocab) if (token !== undefined && id > highest) highest = id;
  if (highest < 0) throw new PlumbError(`${source}: the vocabulary is empty.`);

  const declared = (key: string): number | undefined => {
    const content = tokenContent(config.get(key));
    return content === undefined ? undefined : inner.token_to_id(content);
  };
  const [eosId, bosId] = [declared("eos_token"), declared("bos_token")];
  const padId = choosePad(
    eosId,
    [declared("pad_token"), declared("unk_token") ?? unkOf(json, inner), ...special, bosId],
    highest,
  );

  return {
    vocabSize: highest + 1,
    eosId,
    bosId,
    padId,
    chatTemplate: chatTemplateOf(config.get("chat_template"), "default"),
    toolTemplate: chatTemplateOf(config.get("chat_template"), "tool_use"),
    namedTokens: namedTokensOf(config),
    files: {
      "tokenizer.json": JSON.stringify(tokenizerJson),
      "tokenizer_config.json": `${JSON.stringify(tokenizerConfig, null, 2)}\n`,
    },
    encode(text, options) {
      const ids = inner.encode(text, { add_special_tokens: options?.addSpecialTokens ?? false }).ids;
      const unknown = ids.findIndex((id) => !Number.isInteger(id));
      if (unknown >= 0) {
        throw new PlumbError(`${source}: the tokenizer has no token for a part of ${quoted(text)}.`, {
          hint: "Its vocabulary has no unknown token; use a byte-level tokenizer.",
        });
      }
      return ids;
    },
    decode(ids, options) {
      const skip = options?.skipSpecialTokens ?? false;
      const kept = Array.from(ids).filter(
        (id) => inner.id_to_token(id) !== undefined && !(skip && special.has(id)),
      );
      return kept.length === 0 ? "" : inner.decode(kept, { clean_up_tokenization_spaces: false });
    },
    idOf: (token) => inner.token_to_id(token),
    tokenOf: (id) => inner.id_to_token(id),
    isSpecial: (id) => special.has(id),
    isAdded: (id) => added.has(id),
  };
}

/**
 * The padding token: the first candidate that exists and is not the EOS. If padding were the EOS, a loss that leaves
 * padding out would never teach the model to stop. Candidates in order: the declared pad, the unknown token, any
 * special token, the BOS. A tokenizer with none of them pads with its highest id.
 */
function choosePad(
  eosId: number | undefined,
  candidates: Iterable<number | undefined>,
  highest: number,
): number {
  for (const id of candidates) if (id !== undefined && id !== eosId) return id;
  return highest;
}

function unkOf(json: Map<string, unknown>, inner: InnerTokenizer): number | undefined {
  const model = json.get("model");
  const unk = isRecord(model) ? tokenContent(model.unk_token) : undefined;
  return unk === undefined ? undefined : inner.token_to_id(unk);
}

/** Checks that ids are small non-negative integers before tables are indexed by them. */
function checkIds(json: Map<string, unknown>, source: string): void {
  const check = (id: unknown, what: string) => {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > MAX_TOKEN_ID) {
      throw new PlumbError(
        `${source}: ${what} has the id ${JSON.stringify(id)}; expected an integer from 0 to ${MAX_TOKEN_ID}.`,
      );
    }
  };
  const model = json.get("model");
  if (!isRecord(model)) throw new PlumbError(`${source}: "model" is missing; this is not a tokenizer.json.`);
  if (model.type !== undefined && !MODELS.includes(model.type)) {
    throw new PlumbError(`${source}: the model type ${JSON.stringify(model.type)} is not supported.`, {
      hint: `Supported are ${MODELS.join(", ")}.`,
    });
  }
  if (isRecord(model.vocab)) {
    for (const [token, id] of Object.entries(model.vocab)) check(id, `the token ${quoted(token)}`);
  } else if (!Array.isArray(model.vocab)) {
    throw new PlumbError(`${source}: "model.vocab" is missing.`);
  }
  const added = json.get("added_tokens") ?? [];
  if (!Array.isArray(added)) throw new PlumbError(`${source}: "added_tokens" is not a list.`);
  for (const token of added) {
    if (!isRecord(token) || typeof token.content !== "string") {
      throw new PlumbError(`${source}: an entry of "added_tokens" has no "content".`);
    }
    check(token.id, `the added token ${quoted(token.content)}`);
  }
}

/** The text of a special token, which is declared as the text itself or as an object with `content`. */
function tokenContent(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return isRecord(value) && typeof value.content === "string" ? value.content : undefined;
}

/** The text of each token that the configuration names, as chat templates may use them. */
const namedTokensOf = (config: ReadonlyMap<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    [...config].flatMap(([key, value]) => {
      const content = key.endsWith("_token") ? tokenContent(value) : undefined;
      return content === undefined ? [] : [[key, content]];
    }),
  );

/** A chat template: `chat_template` is either the text of the "default" one, or a list of {name, template}. */
function chatTemplateOf(value: unknown, name: "default" | "tool_use"): string | undefined {
  if (typeof value === "string") return name === "default" ? value : undefined;
  if (!Array.isArray(value)) return undefined;
  const chosen = value.find((entry) => isRecord(entry) && entry.name === name);
  return isRecord(chosen) && typeof chosen.template === "string" ? chosen.template : undefined;
}

async function readJsonFile(path: string): Promise<object | undefined> {
  const text = await readTextFile(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PlumbError(`${path}: not valid JSON: ${messageOf(error)}`, { cause: error });
  }
  if (!isRecord(value)) throw new PlumbError(`${path}: expected a JSON object.`);
  return value;
}

/** The text of a file, or undefined if there is none. */
async function readTextFile(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > MAX_TOKENIZER_FILE_BYTES) {
      throw new PlumbError(
        `${path} has ${size} bytes; a tokenizer's file may have at most ${MAX_TOKENIZER_FILE_BYTES}.`,
      );
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
