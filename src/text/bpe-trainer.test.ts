import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../base/random.js";
import { trainByteLevelBpe } from "./bpe-trainer.js";
import { tokenizerFromJson } from "./tokenizer.js";

const specialTokens = ["<pad>", "<|im_start|>", "<|im_end|>"];
const corpus = [
  "the cat sat on the mat\n",
  "the dog ate the cat's 123 hats",
  "die Katze saß — żółw 猫",
  "the the the",
];

function trained(texts: string[], vocabSize: number) {
  const json = trainByteLevelBpe(texts, { vocabSize, specialTokens });
  return tokenizerFromJson(json, { eos_token: "<|im_end|>", pad_token: "<pad>" });
}

describe("trainByteLevelBpe", () => {
  const tokenizer = trained(corpus, 300);

  it("gives the specials the first ids, then the bytes, then merges", () => {
    expect(specialTokens.map((token) => tokenizer.idOf(token))).toEqual([0, 1, 2]);
    expect(tokenizer.vocabSize).toBeGreaterThan(specialTokens.length + 256);
    expect(tokenizer.encode("the")).toHaveLength(1);
    expect(tokenizer.isSpecial(2)).toBe(true);
  });

  it("decodes any text to itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it("needs fewer tokens with every further merge", () => {
    const length = (vocabSize: number) =>
      corpus.reduce((sum, text) => sum + trained([...corpus, ...corpus], vocabSize).encode(text).length, 0);
    let previous = length(259);
    for (let vocabSize = 260; vocabSize <= 270; vocabSize++) {
      const next = length(vocabSize);
      expect(next).toBeLessThan(previous);
      previous = next;
    }
  });

  it("merges the most frequent pair first, and among equals the one with the lower ids", () => {
    const json = trainByteLevelBpe(["ab ab ab", "dc dc", "ba ba"], { vocabSize: 258, specialTokens: [] });
    expect(json).toHaveProperty("model.merges", [
      ["a", "b"],
      ["b", "a"],
    ]);
  });

  it("is deterministic", () => {
    const options = { vocabSize: 290, specialTokens };
    expect(JSON.stringify(trainByteLevelBpe(corpus, options))).toBe(
      JSON.stringify(trainByteLevelBpe([...corpus], options)),
    );
  });

  it("learns nothing from special tokens in the text", () => {
    const json = trainByteLevelBpe(["<|im_end|>".repeat(50)], { vocabSize: 300, specialTokens });
    expect(json).toHaveProperty("model.merges", []);
  });

  it("names the smallest vocabulary when it is too small", () => {
    expect(() => trained(corpus, 258)).toThrow(/258/);
  });

  it("trains on 1 MB within two seconds", () => {
    const random = new RandomStream(1, "words");
    const words = Array.from({ length: 8000 }, () =>
      Array.from({ length: 2 + random.int(8) }, () => String.fromCharCode(97 + random.int(26))).join(""),
    );
    const text = Array.from({ length: 150_000 }, () => words[Math.floor(random.uniform() ** 2 * 8000)]).join(
      " ",
    );
    const begin = process.cpuUsage();
    trained([text], 1024);
    expect(text.length).toBeGreaterThan(900_000);
    expect(process.cpuUsage(begin).user / 1e6).toBeLessThan(6);
  });
});
