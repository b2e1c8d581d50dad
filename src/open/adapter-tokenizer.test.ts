import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { adapterFolder, FIXTURES } from "../../test/fixtures.js";
import { openRewardModel } from "../model/reward-model.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { trainByteLevelBpe } from "../text/bpe-trainer.js";
import { chatIds } from "../text/index.js";
import { openBase, savePolicy, trainableNetwork } from "../train/base.js";
import { conversionSchema, convert } from "./convert.js";
import { openBaseModel } from "./open-network.js";

const runtime = new OrtRuntime({ threads: 1 });
const scratch = mkdtempSync(path.join(tmpdir(), "plumb-adapter-tokenizer-"));
const BASE_TEMPLATE = "{% for m in messages %}{{ m.content }};{% endfor %}";
const TEMPLATE = "{% for m in messages %}{{ m.content }}<|done|>{% endfor %}";
const ASKED = [{ role: "user", content: "hi" }];

/** A tokenizer of the first 127 bytes in their order, with tokens from id 128 on. */
function tokenizerJson(added: readonly string[]): string {
  const json = trainByteLevelBpe(["ab"], { vocabSize: 257, specialTokens: ["<s>"] }) as {
    model: { vocab: Record<string, number> };
    added_tokens: object[];
  };
  const vocab = Object.entries(json.model.vocab).filter(([, id]) => id < 128);
  json.model.vocab = Object.fromEntries([...vocab, ...added.map((token, i) => [token, 128 + i])]);
  const token = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  json.added_tokens.push(...added.map((content, i) => ({ ...token, id: 128 + i, content })));
  return JSON.stringify(json);
}

/** A base with a tokenizer, and an adapter with the files. */
function folders(kind: string, files: Record<string, string>): { base: string; adapter: string } {
  const at = mkdtempSync(path.join(scratch, "case-"));
  const [base, adapter] = [path.join(at, "base"), path.join(at, "adapter")];
  cpSync(path.join(FIXTURES, "models", "llama-tied"), base, { recursive: true });
  cpSync(adapterFolder(`kinds/${kind}`), adapter, { recursive: true });
  writeFileSync(path.join(base, "tokenizer.json"), tokenizerJson([]));
  writeFileSync(path.join(base, "chat_template.jinja"), BASE_TEMPLATE);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(adapter, name), text);
  return { base, adapter };
}

const ADDED = { "tokenizer.json": tokenizerJson(["<|done|>"]), "chat_template.jinja": TEMPLATE };

function listener() {
  const told: string[] = [];
  return { told, warn: (message: string) => void told.push(message) };
}

describe("the tokenizer of an adapter's folder", () => {
  it("is the one that texts are encoded with, and its template's end of turns ends answers", async () => {
    const { base, adapter } = folders("more-tokens", ADDED);
    const notices = listener();
    const { tokenizer, config } = await openBaseModel(runtime, base, [adapter], { notices });
    const ids = tokenizer && chatIds(tokenizer, ASKED, { addGenerationPrompt: false });
    expect(ids?.at(-1)).toBe(128);
    expect(config.eosIds).toEqual([2, 128]);
    expect(notices.told).toEqual([expect.stringMatching(/own tokenizer and chat template is used/)]);
  });

  it.each(["more-tokens", "all-linear"])("refuses texts with tokens that have no row (%s)", async (kind) => {
    const { base, adapter } = folders(kind, {
      ...ADDED,
      "tokenizer.json": tokenizerJson(["<|done|>", "<|b|>", "<|c|>", "<|d|>"]),
    });
    const { tokenizer } = await openBaseModel(runtime, base, [adapter]);
    expect(() => tokenizer?.encode("<|d|>")).toThrow(/has no row/);
    if (kind === "more-tokens") expect(tokenizer?.encode("<|c|>")).toEqual([130]);
  });

  it.each([
    ["chat_template.jinja", "{{ messages[0].content }}!"],
    ["tokenizer_config.json", JSON.stringify({ chat_template: "{{ messages[0].content }}!" })],
  ])("may be a template alone, in %s", async (name, text) => {
    const { base, adapter } = folders("all-linear", { [name]: text });
    const notices = listener();
    const { tokenizer } = await openBaseModel(runtime, base, [adapter], { notices });
    expect(tokenizer?.chatTemplate).toBe("{{ messages[0].content }}!");
    expect(JSON.parse(tokenizer?.files["tokenizer_config.json"] ?? "")).toMatchObject({
      chat_template: "{{ messages[0].content }}!",
    });
    expect(notices.told).toEqual([expect.stringMatching(/own chat template is used/)]);
  });

  it("is passed over without a word where it is the model's", async () => {
    const same = { "tokenizer.json": tokenizerJson([]), "chat_template.jinja": BASE_TEMPLATE };
    const { base, adapter } = folders("all-linear", same);
    const notices = listener();
    const { tokenizer } = await openBaseModel(runtime, base, [adapter], { notices });
    expect(tokenizer?.chatTemplate).toBe(BASE_TEMPLATE);
    expect(notices.told).toEqual([]);
  });

  it("without a template keeps the model's", async () => {
    const { base, adapter } = folders("more-tokens", { "tokenizer.json": tokenizerJson(["<|done|>"]) });
    const { tokenizer } = await openBaseModel(runtime, base, [adapter]);
    expect(tokenizer?.chatTemplate).toBe(BASE_TEMPLATE);
    expect(tokenizer?.encode("<|done|>")).toEqual([128]);
  });

  it("that only another program reads is named", async () => {
    const { base, adapter } = folders("all-linear", { "tokenizer.model": "" });
    const notices = listener();
    await openBaseModel(runtime, base, [adapter], { notices });
    expect(notices.told).toEqual([expect.stringMatching(/tokenizer\.model is not read/)]);
  });

  it("is a reward model's", async () => {
    const { base, adapter } = folders("reward", { "chat_template.jinja": TEMPLATE });
    const { tokenizer } = await openRewardModel(runtime, adapter, { model: base });
    expect(tokenizer.chatTemplate).toBe(TEMPLATE);
  });

  it("goes into what convert writes", async () => {
    const { base, adapter } = folders("more-tokens", ADDED);
    const out = path.join(path.dirname(base), "out");
    const host = { ...listener(), runtime, info() {}, signal: new AbortController().signal, progress };
    const config = conversionSchema.parse({ model: base, adapter: [adapter], out });
    await convert(config, host);
    const { tokenizer, config: written } = await openBaseModel(runtime, out);
    expect(tokenizer?.chatTemplate).toBe(TEMPLATE);
    expect(written.eosIds).toEqual([2, 128]);
  });

  it("is saved with an adapter that is trained on it", async () => {
    const { base, adapter } = folders("all-linear", { "chat_template.jinja": TEMPLATE });
    const lora = { r: 2, alpha: 2, targets: ["q_proj"] as const };
    const chat = { templateVars: {}, templateDate: "2024-07-26" };
    const notices = { ...listener(), info() {} };
    for (const adapters of [[adapter], []]) {
      const choice = { model: base, adapter: adapters, resize: false, lora, ...chat };
      const opened = await openBase(runtime, choice, notices);
      const out = path.join(path.dirname(base), `trained-${adapters.length}`);
      await savePolicy(out, opened, trainableNetwork(runtime, opened, lora, 0));
      expect(existsSync(path.join(out, "tokenizer.json"))).toBe(adapters.length > 0);
      const { tokenizer } = await openBaseModel(runtime, base, [out]);
      expect(tokenizer?.chatTemplate).toBe(adapters.length > 0 ? TEMPLATE : BASE_TEMPLATE);
    }
  });
});

describe("the tokens that end an answer of an adapter's folder", () => {
  const GENERATION = "generation_config.json";

  it.each([
    ["one", 77, [2, 77]],
    ["several", [2, 5, 77], [2, 5, 77]],
    ["none with a row", [128, -1], [2]],
  ])("are the model's too: %s", async (_, ids, expected) => {
    const { base, adapter } = folders("all-linear", { [GENERATION]: JSON.stringify({ eos_token_id: ids }) });
    expect((await openBaseModel(runtime, base, [adapter])).config.eosIds).toEqual(expected);
    const out = path.join(path.dirname(base), "merged");
    const host = { ...listener(), runtime, info() {}, signal: new AbortController().signal, progress };
    await convert(conversionSchema.parse({ model: base, adapter: [adapter], out }), host);
    expect((await openBaseModel(runtime, out)).config.eosIds).toEqual(expected);
  });

  it("are refused by the file's name if they are no ids", async () => {
    const { base, adapter } = folders("all-linear", { [GENERATION]: '{"eos_token_id": "</s>"}' });
    const opening = openBaseModel(runtime, base, [adapter]);
    await expect(opening).rejects.toThrow(/adapter\/generation_config\.json: "eos_token_id" is "<\/s>"/);
  });

  it("are saved with an adapter that is trained: those of its template, and of earlier adapters", async () => {
    const template = { "chat_template.jinja": "{% for m in messages %}{{ m.content }}<s>{% endfor %}" };
    const { base, adapter } = folders("all-linear", { ...template, [GENERATION]: '{"eos_token_id": 7}' });
    const lora = { r: 2, alpha: 2, targets: ["q_proj"] as const };
    const chat = { templateVars: {}, templateDate: "2024-07-26" };
    const choice = { model: base, adapter: [adapter], resize: false, lora, ...chat };
    const opened = await openBase(runtime, choice, { ...listener(), info() {} });
    const out = path.join(path.dirname(base), "trained");
    await savePolicy(out, opened, trainableNetwork(runtime, opened, lora, 0));
    const saved = JSON.parse(readFileSync(path.join(out, GENERATION), "utf8"));
    expect(saved.eos_token_id).toEqual([2, 7, 0]);
    expect((await openBaseModel(runtime, base, [out])).config.eosIds).toEqual([2, 7, 0]);
  });
});

const progress = () => ({ update() {}, end() {} });
