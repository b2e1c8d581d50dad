import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFixture } from "../../../test/fixtures.js";
import { bool, f32s, ggufFile, ints, text, texts, u32 } from "../../../test/gguf-file.js";
import { openGguf } from "../formats/gguf.js";
import { mergesOf } from "./gguf-sentencepiece.js";
import { ggufTokenizer } from "./gguf-tokenizer.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-gguf-spm-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Stored {
  model: { vocab: Record<string, number> };
}
const stored = readFixture<Stored>("tokenizers/sentencepiece/tokenizer.json");
const tokens = Object.entries(stored.model.vocab)
  .sort(([, a], [, b]) => a - b)
  .map(([token]) => token);
/** llama.cpp's types: unknown 2, control 3, byte 6, ordinary 1. */
const types = tokens.map((token, id) =>
  token === "<unk>" ? 2 : id < 3 ? 3 : /^<0x..>$/.test(token) ? 6 : 1,
);

async function tokenizerOf(more: Record<string, ReturnType<typeof text>> = {}) {
  const path = join(dir, "spm.gguf");
  const metadata = {
    "general.architecture": text("llama"),
    "tokenizer.ggml.model": text("llama"),
    "tokenizer.ggml.tokens": texts(tokens),
    "tokenizer.ggml.scores": f32s(tokens.map((_, id) => -id)),
    "tokenizer.ggml.token_type": ints(types),
    "tokenizer.ggml.bos_token_id": u32(1),
    "tokenizer.ggml.eos_token_id": u32(2),
    "tokenizer.ggml.unknown_token_id": u32(0),
    "tokenizer.ggml.add_bos_token": bool(true),
    ...more,
  };
  await writeFile(path, ggufFile(metadata, {}));
  const file = await openGguf(path);
  await file.weights.close();
  return ggufTokenizer(file)!;
}

describe("SentencePiece in a GGUF file", () => {
  it("encodes and decodes as the tokenizers library does with the same model", async () => {
    const tokenizer = await tokenizerOf();
    const { cases } = readFixture<{
      cases: { text: string; ids: number[]; withSpecial: number[]; decoded: string }[];
    }>("tokenizers/sentencepiece/expected.json");
    expect(cases.length).toBeGreaterThan(20);
    for (const { text: given, ids, withSpecial, decoded } of cases) {
      expect(tokenizer.encode(given), given).toEqual(ids);
      expect(tokenizer.encode(given, { addSpecialTokens: true }), given).toEqual(withSpecial);
      expect(tokenizer.decode(ids), given).toBe(decoded);
    }
  });

  it("puts no space before a text where the file says so (Gemma)", async () => {
    const tokenizer = await tokenizerOf({ "tokenizer.ggml.add_space_prefix": bool(false) });
    const ids = tokenizer.encode("the fox");
    expect(tokenizer.tokenOf(ids[0])).toMatch(/^t/);
    expect(tokenizer.decode(ids)).toBe("the fox");
    expect(tokenizer.decode(tokenizer.encode(" the"))).toBe(" the");
  });

  it("refuses scores that do not match the tokens, or are no numbers", async () => {
    await expect(tokenizerOf({ "tokenizer.ggml.scores": f32s([1]) })).rejects.toThrow(/tokens have 1 scores/);
    await expect(
      tokenizerOf({ "tokenizer.ggml.scores": texts(tokens) as ReturnType<typeof text> }),
    ).rejects.toThrow(/not a number/);
  });
});

describe("mergesOf", () => {
  it("orders merges by score, then by the longer left part, and makes none of tokens that stand apart", () => {
    const vocabulary = ["a", "b", "ab", "abb", "bb", "<s>", "<", "s>"];
    const merges = mergesOf(vocabulary, [-9, -9, -1, -3, -2, 0, 0, 0], (id) => id !== 5);
    expect(merges).toEqual([
      ["a", "b"],
      ["b", "b"],
      ["ab", "b"],
      ["a", "bb"],
    ]);
  });
});
