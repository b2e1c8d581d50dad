import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { trainByteLevelBpe } from "../../text/bpe-trainer.js";
import { loadTokenizer, tokenizerFromJson } from "../../text/index.js";
import { savePeft } from "../save/index.js";
import { tokenizerWithAdapters } from "./adapter-tokenizer.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-adapter-tokenizer-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const json = (token: string) => trainByteLevelBpe(["a b\n"], { vocabSize: 260, specialTokens: [token] });
const base = tokenizerFromJson(json("<end>"), { eos_token: "<end>", chat_template: "base" });

async function folder(files: Record<string, string>): Promise<string> {
  const own = await mkdtemp(join(dir, "adapter-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text);
  return own;
}

it("is the model's where no adapter has one", async () => {
  expect(await tokenizerWithAdapters(base, [await folder({})])).toBe(base);
  expect(await tokenizerWithAdapters(undefined, [await folder({})])).toBeUndefined();
});

it("is the last adapter's, with its template; a template alone changes that", async () => {
  const whole = await folder({
    "tokenizer.json": JSON.stringify(json("<stop>")),
    "tokenizer_config.json": JSON.stringify({ eos_token: "<stop>", chat_template: "adapter" }),
  });
  const template = await folder({ "chat_template.jinja": "alone" });
  const own = await tokenizerWithAdapters(base, [whole]);
  expect([own?.chatTemplate, own?.tokenOf(own.eosId as number)]).toEqual(["adapter", "<stop>"]);
  expect(own?.encode("a b")).toEqual((await loadTokenizer(whole)).encode("a b"));
  const last = await tokenizerWithAdapters(base, [whole, template]);
  expect([last?.chatTemplate, last?.tokenOf(last.eosId as number)]).toEqual(["alone", "<stop>"]);
  const mixed = await tokenizerWithAdapters(base, [template]);
  expect([mixed?.chatTemplate, mixed?.eosId]).toEqual(["alone", base.eosId]);
});

it("is saved with an adapter, and found there again", async () => {
  const out = join(dir, "saved");
  const own = { ...base, chatTemplate: "told" };
  const config = { r: 1, loraAlpha: 1, targetModules: ["q_proj"], taskType: "CAUSAL_LM" } as const;
  await savePeft(out, config, new Map(), { tokenizer: own });
  const found = await tokenizerWithAdapters(undefined, [out]);
  expect([found?.chatTemplate, found?.eosId]).toEqual(["told", base.eosId]);
  await savePeft(join(dir, "bare"), config, new Map());
  expect(await tokenizerWithAdapters(undefined, [join(dir, "bare")])).toBeUndefined();
});
