import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { adapterFolder, FIXTURES, loadModel, readFixture } from "../../test/fixtures.js";
import { tokenizerJson } from "../../test/more-tokens.js";
import { withRows } from "../model/resize.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { readFloats } from "../runtime/read.js";
import { train } from "../train/index.js";
import { sftMethod } from "../train/methods/sft.js";
import { conversionSchema, convert } from "./convert.js";
import { openBaseModel } from "./open-network.js";
import { checkResize } from "./resize.js";

const runtime = new OrtRuntime({ threads: 1 });
const scratch = mkdtempSync(path.join(tmpdir(), "plumb-resize-"));
const EMBEDDING = "model.embed_tokens.weight";

/** The tiny model with added tokens, its template ending a turn with the first of them. */
function modelWith(added: readonly string[], files: Record<string, string> = {}): string {
  const base = path.join(mkdtempSync(path.join(scratch, "case-")), "base");
  cpSync(path.join(FIXTURES, "models", "llama-tied"), base, { recursive: true });
  const template = `{% for m in messages %}{{ m.content }}${added[0] ?? ""}{% endfor %}`;
  const all = { "tokenizer.json": tokenizerJson(added), "chat_template.jinja": template, ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(path.join(base, name), text);
  return base;
}

function host() {
  const told: string[] = [];
  const say = (message: string) => void told.push(message);
  const progress = () => ({ update() {}, end() {} });
  const { signal } = new AbortController();
  return { told, warn: say, info: say, runtime, signal, progress, interrupted() {} };
}

const rowsOf = async (weights: ReadonlyMap<string, Parameters<typeof readFloats>[0]>, name = EMBEDDING) => {
  const buffer = weights.get(name);
  if (buffer === undefined) return undefined;
  const [data, width] = [await readFloats(buffer), buffer.shape[1]];
  return Array.from({ length: buffer.shape[0] }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
};

const meanOf = (rows: readonly number[][]): number[] =>
  rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);

describe("withRows, beside transformers' resize_token_embeddings", () => {
  type Expected = { vocab_size: number; tied: boolean; embedding: number[][]; head: number[][] };
  const expected = readFixture<Record<string, Expected>>("resize.json");

  it.each(Object.keys(expected))("adds the rows of %s to embedding and head", async (name) => {
    const { vocab_size, tied, embedding, head } = expected[name];
    const model = await loadModel(runtime, name);
    const before = new Map([...model.weights].map(([key, { shape }]) => [key, [...shape]]));
    const grown = await withRows(runtime, model, vocab_size);
    expect(grown.config).toEqual({ ...model.config, vocabSize: vocab_size });
    expect(grown.weights.has("lm_head.weight")).toBe(!tied);
    for (const [weight, theirs] of [
      [EMBEDDING, embedding],
      ["lm_head.weight", head],
    ] as const) {
      const [old, now] = [await rowsOf(model.weights, weight), await rowsOf(grown.weights, weight)];
      if (old === undefined || now === undefined) continue;
      expect(now.slice(0, old.length)).toEqual(old);
      // They draw with a deviation of sqrt(1e-9) of the rows' own, so within six of these.
      const mean = meanOf(old);
      const spread = Math.sqrt(meanOf(old.map((row) => row.map((x, i) => (x - mean[i]) ** 2)))[0]);
      for (const [i, row] of now.slice(old.length).entries())
        for (const [j, x] of row.entries())
          expect(Math.abs(x - theirs[i][j]), `${weight} ${i} ${j}`).toBeLessThan(
            2e-4 * Math.max(spread, 0.02),
          );
    }
    for (const [key, buffer] of grown.weights)
      if (key !== EMBEDDING && key !== "lm_head.weight") {
        expect(buffer).toBe(model.weights.get(key));
        expect([...buffer.shape]).toEqual(before.get(key));
      }
  });
});

describe("plumb convert --resize", () => {
  it("writes a model whose tokens all have rows, and whose turns end with the added one", async () => {
    const model = modelWith(["<|done|>", "<|pad|>"]);
    const opened = await openBaseModel(runtime, model);
    expect(() => opened.tokenizer?.encode("a<|done|>")).toThrow(
      /"<\|done\|>" \(128\), for which the model has no row/,
    );
    expect(() => opened.tokenizer?.encode("a<|done|>")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("plumb convert --resize") }),
    );
    const out = `${model}-resized`;
    const { told, ...work } = host();
    await convert(conversionSchema.parse({ model, out, resize: true }), work);
    expect(told).toEqual([
      expect.stringMatching(/2 rows are added, each the mean of its 128, for "<\|done\|>", "<\|pad\|>"$/),
    ]);
    const json = (name: string) => JSON.parse(readFileSync(path.join(out, name), "utf8"));
    expect(json("config.json")).toMatchObject({ vocab_size: 130, tie_word_embeddings: true });
    expect(json("generation_config.json").eos_token_id).toEqual([2, 128]);
    const written = await openBaseModel(runtime, out);
    expect(written.tokenizer?.encode("<|pad|>")).toEqual([129]);
    const [old, now] = [await rowsOf(opened.base), await rowsOf(written.base)];
    expect(now?.slice(0, 128)).toEqual(old);
    expect(now?.slice(128)).toEqual([meanOf(old!).map(Math.fround), meanOf(old!).map(Math.fround)]);
  });

  it("takes the tokens of an adapter's own tokenizer, after what the adapter has", async () => {
    const model = modelWith([]);
    const adapter = path.join(path.dirname(model), "adapter");
    cpSync(adapterFolder("kinds/more-tokens"), adapter, { recursive: true });
    const tokens = ["<|a|>", "<|b|>", "<|c|>", "<|d|>"]; // the adapter has rows for three of them
    writeFileSync(path.join(adapter, "tokenizer.json"), tokenizerJson(tokens));
    const out = `${model}-adapted`;
    const { told, ...work } = host();
    await convert(conversionSchema.parse({ model, adapter: [adapter], out, resize: true }), work);
    expect(told.at(-1)).toMatch(/1 row is added, each the mean of its 131, for "<\|d\|>"$/);
    const { tokenizer, config, base } = await openBaseModel(runtime, out);
    expect([config.vocabSize, tokenizer?.encode("<|d|>")]).toEqual([132, [131]]);
    const adapted = await rowsOf((await openBaseModel(runtime, model, [adapter])).base);
    const now = await rowsOf(base);
    expect(now?.slice(0, 131)).toEqual(adapted);
  });

  it("opens a model whose padding has no row, which is refused without", async () => {
    const config = JSON.parse(readFileSync(path.join(FIXTURES, "models/llama-tied/config.json"), "utf8"));
    const files = { "config.json": JSON.stringify({ ...config, pad_token_id: 128 }) };
    const model = modelWith(["<|pad|>"], files);
    await expect(openBaseModel(runtime, model)).rejects.toMatchObject({
      message: expect.stringMatching(/names the token 128, but the model has only 128 rows/),
      hint: expect.stringContaining("plumb convert --resize"),
    });
    const out = `${model}-padded`;
    await convert(conversionSchema.parse({ model, out, resize: true }), host());
    expect((await openBaseModel(runtime, out)).config).toMatchObject({ padId: 128, vocabSize: 129 });
  });

  it("says so where every token has a row", async () => {
    const model = modelWith([]);
    const { told, ...work } = host();
    await convert(conversionSchema.parse({ model, out: `${model}-same`, resize: true }), work);
    expect(told).toEqual([
      expect.stringMatching(/each of its 128 tokens has one of its 128 rows; none is added/),
    ]);
  });

  it("refuses a tokenizer of another model", async () => {
    const model = modelWith(Array.from({ length: 129 }, (_, i) => `<|${i}|>`));
    const out = `${model}-other`;
    const converting = convert(conversionSchema.parse({ model, out, resize: true }), host());
    await expect(converting).rejects.toThrow(/vocabulary 257.*only 128 rows/);
  });
});

describe("training with --resize", () => {
  const rows = [
    {
      messages: [
        { role: "user", content: "a" },
        { role: "assistant", content: "b" },
      ],
    },
  ];
  const settings = (model: string, more: object) => {
    const data = path.join(path.dirname(model), "rows.jsonl");
    writeFileSync(data, `${JSON.stringify(rows[0])}\n`.repeat(4));
    const runs = path.join(path.dirname(model), "runs");
    const own = { model, data: [data], runs, holdOut: 0, epochs: 2, batchSize: 4, learningRate: 0.01 };
    return sftMethod.schema.parse({ ...own, ...more });
  };

  it("trains the added rows, and saves them with the model", async () => {
    const model = modelWith(["<|done|>"]);
    const refused = train(sftMethod, settings(model, { name: "without" }), host());
    await expect(refused).rejects.toThrow(/for which the model has no row/);
    const trained = await train(sftMethod, settings(model, { name: "with", resize: true }), host());
    const { config, base } = await openBaseModel(runtime, trained!.model);
    expect(config).toMatchObject({ vocabSize: 129, eosIds: [2, 128] });
    const [old, now] = [await rowsOf((await openBaseModel(runtime, model)).base), await rowsOf(base)];
    const mean = meanOf(old!);
    const moved = Math.max(...now![128].map((x, i) => Math.abs(x - mean[i])));
    expect(moved).toBeGreaterThan(1e-3);
  });

  it("is refused for an adapter", async () => {
    const lora = { r: 2, alpha: 4, targets: ["q_proj"] };
    const model = modelWith(["<|done|>"]);
    const training = train(sftMethod, settings(model, { lora, resize: true }), host());
    await expect(training).rejects.toThrow(/--resize is for training all weights/);
    expect(() => checkResize({ resize: false, lora })).not.toThrow();
  });
});
