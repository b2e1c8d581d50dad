/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016; Radford et al. 2019) for small models trained from scratch.
 *
 * Left out on purpose: merges across the words of GPT-2's expression, and training on words longer than MAX_WORD_BYTES,
 * whose statistics are of no use.
 */
import { PlumbError } from "../base/errors.js";
import { byteLevel, GPT2_PATTERN } from "./pre-tokenizers.js";

const MAX_WORD_BYTES = 256;
/** Pairs of ids are keyed as left * PAIR_BASE + right. */
const PAIR_BASE = 2 ** 22;

/** How large a vocabulary is trained, and what it holds from the start. */
export interface BpeTrainerOptions {
  /**
   * Size of the vocabulary: special tokens, the 256 bytes and the merges. It is smaller if no pair of tokens occurs
   * twice.
   */
  vocabSize: number;
  /** These get the first ids, in this order. */
  specialTokens: string[];
}

/**
 * Learns merges from texts: repeatedly, the most frequent pair of neighbours becomes a token.
 *
 * Equally frequent pairs are taken in the order of their ids, so equal texts give equal tokenizers. Special tokens that
 * occur in the texts are ignored.
 *
 * @returns a tokenizer.json object, as `tokenizerFromJson` and Hugging Face's libraries read it.
 * @throws PlumbError if the vocabulary has no room for the special tokens and the bytes, or a special token is empty or
 * occurs twice.
 */
export function trainByteLevelBpe(texts: Iterable<string>, options: BpeTrainerOptions): object {
  const { vocabSize, specialTokens } = options;
  const smallest = specialTokens.length + 256;
  if (!Number.isInteger(vocabSize) || vocabSize < smallest || vocabSize >= PAIR_BASE) {
    throw new PlumbError(`A vocabulary of ${vocabSize} tokens cannot be trained.`, {
      hint: `It must hold the ${specialTokens.length} special tokens and 256 bytes: at least ${smallest}.`,
    });
  }
  if (new Set(specialTokens).size < specialTokens.length || specialTokens.includes("")) {
    throw new PlumbError("The special tokens must be different from each other and not empty.");
  }

  const alphabet = byteCharacters();
  const tokens = [...specialTokens, ...alphabet.toSorted()];
  const idOfCharacter = new Map(tokens.map((token, id) => [token, id]));
  const idOfByte = alphabet.map((character) => idOfCharacter.get(character)!);
  const pairs = new PairCounts(countWords(texts, specialTokens, idOfByte));
  const merges: [string, string][] = [];
  while (tokens.length < vocabSize) {
    const best = pairs.mostFrequent();
    if (best === undefined) break;
    merges.push([tokens[best.left], tokens[best.right]]);
    pairs.merge(best.left, best.right, tokens.length);
    tokens.push(tokens[best.left] + tokens[best.right]);
  }
  return tokenizerJson(specialTokens, tokens, merges);
}

/**
 * GPT-2's printable characters for the 256 bytes (encoder.py, bytes_to_unicode): printable Latin-1 characters stand for
 * themselves, every other byte for the next code point from 256 on.
 */
export function byteCharacters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : next++);
  });
}

interface Word {
  /** Its tokens so far; merges shorten the list. */
  ids: number[];
  count: number;
}

/** The distinct words of the texts, in the order of their first occurrence. */
function countWords(texts: Iterable<string>, specialTokens: string[], idOfByte: number[]): Word[] {
  const specials = specialTokens.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const boundary = specials.length > 0 ? new RegExp(specials.join("|"), "u") : undefined;
  const pattern = new RegExp(
    GPT2_PATTERN.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}"),
    "gu",
  );
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const piece of boundary === undefined ? [text] : text.split(boundary)) {
      for (const word of piece.match(pattern) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const utf8 = new TextEncoder();
  const words: Word[] = [];
  for (const [word, count] of counts) {
    const bytes = utf8.encode(word);
    if (bytes.length <= MAX_WORD_BYTES)
      words.push({ ids: Array.from(bytes, (byte) => idOfByte[byte]), count });
  }
  return words;
}

/** Counts of neighbouring tokens over all words, kept up to date as pairs are merged. */
class PairCounts {
  private readonly counts = new Map<number, number>();
  /** Indices of the words in which a pair has occurred; some may no longer contain it. */
  private readonly places = new Map<number, Set<number>>();

  constructor(private readonly words: Word[]) {
    words.forEach((_, index) => {
      this.addPairs(index, 1);
    });
  }

  /** The most frequent pair, or undefined if no pair occurs more than once. */
  mostFrequent(): { left: number; right: number } | undefined {
    let best = -1;
    let bestCount = 1;
    for (const [pair, count] of this.counts) {
      if (count > bestCount || (count === bestCount && best >= 0 && pair < best))
        [best, bestCount] = [pair, count];
    }
    return best < 0 ? undefined : { left: Math.floor(best / PAIR_BASE), right: best % PAIR_BASE };
  }

  /** Replaces the pair by a new token in every word. */
  merge(left: number, right: number, merged: number): void {
    const pair = left * PAIR_BASE + right;
    for (const index of this.places.get(pair) ?? []) {
      this.addPairs(index, -1);
      this.words[index].ids = mergedIds(this.words[index].ids, left, right, merged);
      this.addPairs(index, 1);
    }
    this.places.delete(pair);
    this.counts.delete(pair);
  }

  private addPairs(index: number, sign: 1 | -1): void {
    const { ids, count } = this.words[index];
    for (let i = 0; i + 1 < ids.length; i++) {
      const pair = ids[i] * PAIR_BASE + ids[i + 1];
      this.counts.set(pair, (this.counts.get(pair) ?? 0) + sign * count);
      if (sign < 0) continue;
      const places = this.places.get(pair);
      if (places === undefined) this.places.set(pair, new Set([index]));
      else places.add(index);
    }
  }
}

/** A word's ids after a merge, made from left to right as in encoding. */
function mergedIds(ids: number[], left: number, right: number, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const both = ids[i] === left && i + 1 < ids.length && ids[i + 1] === right;
    out.push(both ? merged : ids[i]);
    if (both) i++;
  }
  return out;
}

function tokenizerJson(specialTokens: string[], tokens: string[], merges: [string, string][]): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel(true),
    post_processor: null,
    decoder: byteLevel(true),
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
