import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { adapterFolder, FIXTURES } from "../../test/fixtures.js";
import { tokenizerJson } from "../../test/more-tokens.js";
import { quantizeBase } from "../model/int8/build.js";
import { describeInt8 } from "../model/int8/stored.js";
import { openModel } from "../model/load/index.js";
import { readModelWeights } from "../model/read-weights.js";
import { saveInt8 } from "../model/save-int8.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import type { Tokenizer } from "../text/index.js";
import { forecast } from "./forecast.js";
import { sftMethod } from "./methods/sft.js";

describe("forecast", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "plumb-forecast-"));
  const [model, adapter, data] = ["model", "adapter", "rows.jsonl"].map((name) => path.join(dir, name));
  cpSync(path.join(FIXTURES, "models", "llama-tied"), model, { recursive: true });
  cpSync(adapterFolder("kinds/more-tokens"), adapter, { recursive: true });
  const template = (end: string) => `{% for m in messages %}{{ m.content }}${end}{% endfor %}`;
  writeFileSync(path.join(model, "tokenizer.json"), tokenizerJson([]));
  writeFileSync(path.join(model, "chat_template.jinja"), template(";"));
  writeFileSync(path.join(adapter, "tokenizer.json"), tokenizerJson(["<|a|>", "<|b|>", "<|done|>"]));
  writeFileSync(path.join(adapter, "chat_template.jinja"), template("<|done|>"));
  const messages = [
    { role: "user", content: "hi" },
    { role: "assistant", content: "a long answer to it" },
  ];
  writeFileSync(data, `${JSON.stringify({ messages })}\n`.repeat(3));

  const foreseen = async (adapters: string[]) => {
    const readers: Tokenizer[] = [];
    const texts: number[][] = [];
    const method: typeof sftMethod = {
      ...sftMethod,
      encode(rows, reader, config) {
        readers.push(reader.tokenizer);
        const encoded = sftMethod.encode(rows, reader, config);
        texts.push(...encoded.texts.map((ids) => [...ids]));
        return encoded;
      },
    };
    const lora = { r: 2, alpha: 4, targets: ["q_proj"] };
    const given = { model, adapter: adapters, data: [data], holdOut: 0, batchSize: 2, epochs: 1, lora };
    const found = await forecast(method, sftMethod.schema.parse(given));
    return { found, texts, tokenizer: readers[0] };
  };

  it("encodes the rows with an adapter's own tokenizer and template, which may have more tokens", async () => {
    const [alone, adapted] = [await foreseen([]), await foreseen([adapter])];
    expect(alone.tokenizer.idOf("<|done|>")).toBeUndefined();
    expect(adapted.tokenizer.idOf("<|done|>")).toBe(130);
    expect(alone.texts[0].at(-1)).toBe(alone.tokenizer.idOf(";"));
    expect(adapted.texts[0].at(-1)).toBe(130);
    expect(adapted.found.steps).toBe(2);
    expect(adapted.found.peakBytes).toBeGreaterThan(0);
  });

  it("counts a model that is stored in 8 bits as that, and refuses to train all of its weights", async () => {
    const runtime = new OrtRuntime({ threads: 1 });
    const files = await openModel(model);
    const weights = await readModelWeights(runtime, files);
    const rows = [Array.from({ length: 64 }, (_, i) => i)];
    const rounded = await quantizeBase(runtime, files.config, weights, rows, { limit: 10, use: "storage" });
    const stored = path.join(dir, "stored");
    await saveInt8(stored, files.config, rounded.weights, describeInt8(rounded, "data", 10), files.tokenizer);
    await files.close();
    const lora = { r: 2, alpha: 4, targets: ["q_proj"] };
    const given = { data: [data], holdOut: 0, batchSize: 2, epochs: 1, lora };
    const of = (changes: object) => forecast(sftMethod, sftMethod.schema.parse({ ...given, ...changes }));
    const [exact, int8] = [await of({ model }), await of({ model: stored })];
    expect([exact.base, int8.base]).toEqual(["f32", "int8"]);
    expect(int8.steps).toBe(exact.steps);
    expect(int8.peakBytes).not.toBe(exact.peakBytes);
    await expect(of({ model: stored, lora: null })).rejects.toThrow(/cannot be trained itself/);
  });

  it("counts the rows that --resize adds, and refuses it for an adapter as training does", async () => {
    const tokens = Array.from({ length: 120 }, (_, i) => `<|${i}|>`);
    writeFileSync(path.join(model, "tokenizer.json"), tokenizerJson(tokens));
    const given = { model, data: [data], holdOut: 0, batchSize: 2, epochs: 1 };
    const whole = await forecast(sftMethod, sftMethod.schema.parse(given));
    const resized = await forecast(sftMethod, sftMethod.schema.parse({ ...given, resize: true }));
    expect(resized.stepFlops).toBeGreaterThan(whole.stepFlops);
    const lora = { r: 2, alpha: 4, targets: ["q_proj"] };
    const refused = forecast(sftMethod, sftMethod.schema.parse({ ...given, lora, resize: true }));
    await expect(refused).rejects.toThrow(/--resize is for training all weights/);
  });
});
