import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { FIXTURES } from "../../test/fixtures.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { trainByteLevelBpe } from "../text/bpe-trainer.js";
import { train } from "../train/index.js";
import { rewardMethod } from "../train/methods/reward.js";
import { sftMethod } from "../train/methods/sft.js";
import { evaluate, evaluationSchema } from "./evaluation.js";

const dir = mkdtempSync(path.join(tmpdir(), "plumb-held-out-"));
const model = path.join(dir, "model");
cpSync(path.join(FIXTURES, "models", "llama-tied"), model, { recursive: true });
const json = trainByteLevelBpe(["ab"], { vocabSize: 257, specialTokens: ["<s>"] }) as {
  model: { vocab: Record<string, number> };
};
json.model.vocab = Object.fromEntries(Object.entries(json.model.vocab).filter(([, id]) => id < 128));
writeFileSync(path.join(model, "tokenizer.json"), JSON.stringify(json));
writeFileSync(path.join(model, "tokenizer_config.json"), '{"eos_token": "<s>"}');

const told: string[] = [];
const host = {
  warn() {},
  info: (message: string) => void told.push(message),
  runtime: new OrtRuntime({ threads: 1 }),
  signal: new AbortController().signal,
  progress: () => ({ update() {}, end() {} }),
  interrupted() {},
};
const written = (name: string, rows: readonly object[]): string => {
  const file = path.join(dir, name);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file;
};
const common = { model, runs: path.join(dir, "runs"), holdOut: 0.25, batchSize: 4 };

it("measures a policy on the demonstrations that its run kept", async () => {
  const rows = Array.from({ length: 12 }, (_, i) => ({
    prompt: `q${i % 8}`,
    completion: `a${"b".repeat(i)}`,
  }));
  const data = written("demonstrations.jsonl", rows);
  const trained = await train(sftMethod, sftMethod.schema.parse({ ...common, data: [data] }), host);
  const config = evaluationSchema.parse({ model: trained!.model, demonstrations: data, holdOut: 0.25 });
  const { demonstrations } = await evaluate(config, host);
  expect(trained!.heldOut).toBe(3); // of 8 conversations the first, with two rows, and the fifth
  expect(trained!.perplexity).toMatchObject({ n: demonstrations?.n });
  expect(demonstrations?.estimate).toBeCloseTo(trained!.perplexity!.estimate, 4);
  expect(told.at(-1)).toBe("3 rows that training with --hold-out 0.25 keeps; 9 are left out");
  const all = await evaluate({ ...config, holdOut: undefined }, host);
  expect(all.demonstrations?.tokens).toBeGreaterThan(demonstrations!.tokens);
});

it("measures a reward model on the pairs that its run kept", async () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({
    prompt: `q${i}`,
    chosen: `a${i}`,
    rejected: `b${9 - i}`,
  }));
  const data = written("pairs.jsonl", rows);
  const trained = await train(rewardMethod, rewardMethod.schema.parse({ ...common, data: [data] }), host);
  const config = evaluationSchema.parse({
    rewardModel: trained!.rewardModel,
    preferences: data,
    holdOut: 0.25,
  });
  const { preferences } = await evaluate(config, host);
  expect(preferences?.n).toBe(trained!.heldOutPairs);
  expect(preferences?.margin.estimate).toBeCloseTo(trained!.margin!.estimate, 4);
});

it("is refused without rows that training could keep", async () => {
  const config = evaluationSchema.parse({ model, prompts: "p.jsonl", holdOut: 0.25 });
  await expect(evaluate(config, host)).rejects.toThrow(
    /--hold-out is for --preferences and --demonstrations/,
  );
});
