import { describe, expect, it } from "vitest";
import { readFixture } from "../../../test/fixtures.js";
import type { GgufValue } from "../formats/gguf.js";
import { type OpenWeights, unknownTensor } from "../formats/weights.js";
import { PRE_TOKENIZERS } from "./gguf-pre-tokenizers.js";
import { ggufTokenizer, guessedOf } from "./gguf-tokenizer.js";

interface Fixture {
  tokens: string[];
  merges: string[];
  texts: string[];
  /**
   * Names that llama.cpp reads alike, with its ids of each text, and those of the package tokenizers where they differ.
   */
  groups: { names: string[]; ids: number[][]; others: Record<string, Record<string, number[]>> }[];
}
const { tokens, merges, texts, groups } = readFixture<Fixture>("pre-tokenizers.json");

const none = (name: string): never => unknownTensor(name, "m.gguf");
const WEIGHTS: OpenWeights = {
  ...{ names: () => [], has: () => false, shape: none, dtype: none, read: none },
  close: async () => {},
};

function tokenizerOf(pre: GgufValue, more: [string, GgufValue][] = []) {
  const metadata = new Map<string, GgufValue>([
    ["tokenizer.ggml.model", "gpt2"],
    ["tokenizer.ggml.pre", pre],
    ["tokenizer.ggml.tokens", tokens],
    ["tokenizer.ggml.token_type", tokens.map(() => 1)],
    ["tokenizer.ggml.merges", merges],
    ["tokenizer.ggml.bos_token_id", 0],
    ["tokenizer.ggml.eos_token_id", 1],
    ...more,
  ]);
  const tokenizer = ggufTokenizer({ path: "m.gguf", metadata, tensors: new Map(), weights: WEIGHTS });
  if (tokenizer === undefined) throw new Error("no tokenizer");
  return tokenizer;
}

/** Texts that the author's tokenizer splits otherwise than llama.cpp does, with the reason. */
const DIFFERENT: Record<string, { texts: number[]; why: string }> = {
  "mpt olmo qwen2 deepseek-r1-qwen megrez qwen35": { texts: [5], why: "composed letters (NFC)" },
  "tekken gpt-4o llama4 kanana2 minimax-m2": { texts: [5, 8], why: "marks belong to words" },
  "deepseek-coder": { texts: [12], why: "white space beyond ASCII's is among the expression's ranges" },
  "deepseek-llm": { texts: [2, 12], why: "single digits; the same white space" },
  default: {
    texts: [0, 2, 3, 4, 10, 11, 12, 13, 14],
    why: "no author is known; llama.cpp has its own guess",
  },
};

describe("pre-tokenizers by llama.cpp's names", () => {
  const cases = groups.flatMap(({ names, ids, others }) =>
    names.map((name) => ({ name, ids, other: others[name] ?? {} })),
  );

  it("are all compared, and differ from llama.cpp where that is known", () => {
    expect(cases.map(({ name }) => name).sort()).toEqual([...PRE_TOKENIZERS.keys()].sort());
    for (const { name, other } of cases) {
      const [, known] = Object.entries(DIFFERENT).find(([names]) => names.split(" ").includes(name)) ?? [];
      expect(Object.keys(other).map(Number), name).toEqual(known?.texts ?? []);
    }
  });

  it.each(cases)(
    "$name splits as llama.cpp does, or as its author's tokenizer.json",
    ({ name, ids, other }) => {
      const tokenizer = tokenizerOf(name);
      for (const [i, text] of texts.entries()) {
        expect(tokenizer.encode(text), `${name}: ${text}`).toEqual(other[i] ?? ids[i]);
        if (other[i] === undefined) expect(tokenizer.decode(ids[i])).toBe(text);
      }
    },
  );

  it.each(["kimi-k2", "superbpe", "gemma4", "no-such-name", 3, 2n ** 60n, [1n]])(
    "%s is refused by its name",
    (pre) => {
      const reading = () => tokenizerOf(pre);
      expect(reading).toThrow(/^m\.gguf: the pre-tokenizer .* is not supported\.$/);
      expect(reading).toThrow(expect.objectContaining({ hint: expect.stringContaining("tokenizer.json") }));
    },
  );
});

describe("a file that does not say how its tokenizer splits", () => {
  const guessed = (metadata: [string, GgufValue][]) =>
    guessedOf({ path: "m.gguf", metadata: new Map(metadata), tensors: new Map(), weights: WEIGHTS });
  const kind: [string, GgufValue] = ["tokenizer.ggml.model", "gpt2"];

  it("is said to be guessed, but of architectures that split as GPT-2 does", () => {
    for (const pre of [[], [["tokenizer.ggml.pre", "default"]]] as [string, GgufValue][][]) {
      expect(guessed([kind, ["general.architecture", "llama"], ...pre])).toMatch(/tokenizer\.ggml\.pre/);
      for (const architecture of ["gpt2", "gptneox"])
        expect(guessed([kind, ["general.architecture", architecture], ...pre])).toBeUndefined();
    }
    expect(guessed([kind, ["tokenizer.ggml.pre", "smollm"]])).toBeUndefined();
    expect(guessed([["tokenizer.ggml.model", "llama"]])).toBeUndefined();
    expect(guessed([])).toBeUndefined();
  });
});

describe("the ends of a text in a GGUF tokenizer", () => {
  const withEnds = (pre: string, more: [string, GgufValue][] = []) =>
    tokenizerOf(pre, more).encode("a", { addSpecialTokens: true });
  const [a] = tokenizerOf("gpt-2").encode("a");

  it("are what the file asks for, and by default a BOS where llama.cpp puts one", () => {
    expect(withEnds("gpt-2")).toEqual([a]);
    expect(withEnds("gpt-2", [["tokenizer.ggml.add_bos_token", true]])).toEqual([0, a]);
    for (const pre of ["llama-bpe", "tekken", "falcon3"]) expect(withEnds(pre)).toEqual([0, a]);
    expect(withEnds("llama-bpe", [["tokenizer.ggml.add_bos_token", false]])).toEqual([a]);
    expect(withEnds("gpt-2", [["tokenizer.ggml.add_eos_token", true]])).toEqual([a, 1]);
    expect(withEnds("llama-bpe", [["tokenizer.ggml.add_eos_token", true]])).toEqual([0, a, 1]);
  });

  it("are none of tokens that the file does not have", () => {
    const beyond: [string, GgufValue] = ["tokenizer.ggml.bos_token_id", tokens.length];
    expect(withEnds("llama-bpe", [beyond])).toEqual([a]);
  });
});
