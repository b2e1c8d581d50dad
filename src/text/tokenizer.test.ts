import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PlumbError } from "../base/errors.js";
import { trainByteLevelBpe } from "./bpe-trainer.js";
import { loadTokenizer, tokenizerFromJson } from "./tokenizer.js";

const json = trainByteLevelBpe(["a b"], {
  vocabSize: 260,
  specialTokens: ["<unk>", "<s>", "</s>", "<pad>"],
});

describe("tokenizerFromJson", () => {
  it("finds the declared tokens, written as text or as objects", () => {
    const tokenizer = tokenizerFromJson(json, {
      bos_token: { content: "<s>" },
      eos_token: "</s>",
      pad_token: "<pad>",
    });
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.padId]).toEqual([1, 2, 3]);
    expect(tokenizer.tokenOf(2)).toBe("</s>");
    expect([tokenizer.isSpecial(2), tokenizer.isSpecial(100)]).toEqual([true, false]);
  });

  it("never pads with the EOS", () => {
    const pad = (config: object) => tokenizerFromJson(json, config).padId;
    expect(pad({ eos_token: "</s>", pad_token: "</s>", unk_token: "<unk>" })).toBe(0);
    expect(pad({ eos_token: "<unk>", pad_token: "<unk>" })).toBe(1);
  });

  it("recognises special tokens in a text and leaves them out of decoding on demand", () => {
    const tokenizer = tokenizerFromJson(json, {});
    expect(tokenizer.encode("</s>")).toEqual([2]);
    expect(tokenizer.decode(tokenizer.encode("a</s>b"), { skipSpecialTokens: true })).toBe("ab");
  });

  it("decodes nothing from no ids and from ids beyond the vocabulary", () => {
    const tokenizer = tokenizerFromJson(json, {});
    expect(tokenizer.decode([])).toBe("");
    expect(tokenizer.decode(Uint32Array.of(...tokenizer.encode("a"), 99_999))).toBe("a");
  });

  it("splits at Unicode's white space and digits as Rust does", () => {
    const split = (preTokenizer: object, text: string) =>
      tokenizerFromJson({ ...json, pre_tokenizer: preTokenizer }, {}).encode(text);
    const byteLevel = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
    const digits = {
      type: "Sequence",
      pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel],
    };
    expect(split(digits, "x²y").length).toBe(split(byteLevel, "x²y").length);
    expect(split(byteLevel, "\ufeff\u0085").length).toBe(5);
  });

  it.each([
    ["no model", {}],
    ["no vocabulary", { model: { type: "BPE" } }],
    ["an id that is no integer", { model: { type: "BPE", vocab: { a: 1.5 }, merges: [] } }],
    ["a huge id", { model: { type: "BPE", vocab: { a: 1e12 }, merges: [] } }],
    ["an empty vocabulary", { model: { type: "BPE", vocab: {}, merges: [] } }],
    ["an unknown model", { model: { type: "Nonsense", vocab: { a: 0 } } }],
    ["a bad added token", { model: { type: "BPE", vocab: { a: 0 }, merges: [] }, added_tokens: [{ id: 1 }] }],
    [
      "an unknown decoder",
      { model: { type: "BPE", vocab: { a: 0 }, merges: [] }, decoder: { type: "Nonsense" } },
    ],
  ])("gives a PlumbError for %s", (_, broken) => {
    expect(() => tokenizerFromJson(broken, {}, "some/tokenizer.json")).toThrow(PlumbError);
    expect(() => tokenizerFromJson(broken, {}, "some/tokenizer.json")).toThrow(/some\/tokenizer\.json/);
  });
});

describe("loadTokenizer", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "plumb-tokenizer-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("reads what `files` holds, and the template from its own file", async () => {
    const { files } = tokenizerFromJson(json, { eos_token: "</s>", chat_template: "old" });
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    expect((await loadTokenizer(dir)).chatTemplate).toBe("old");
    await writeFile(join(dir, "chat_template.jinja"), "new");
    const loaded = await loadTokenizer(dir);
    expect([loaded.chatTemplate, loaded.eosId]).toEqual(["new", 2]);
  });

  it("names the file that is missing or malformed", async () => {
    await expect(loadTokenizer(dir)).rejects.toThrow(/no tokenizer\.json/);
    await writeFile(join(dir, "tokenizer.json"), "{");
    await expect(loadTokenizer(dir)).rejects.toThrow(/tokenizer\.json: not valid JSON/);
  });
});
