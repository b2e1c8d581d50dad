import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { randomIds, smallConfig, smallWeights } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { trainByteLevelBpe } from "../text/bpe-trainer.js";
import { tokenizerFromJson } from "../text/tokenizer.js";
import { frozenNetwork, fullNetwork, loraNetwork } from "./create.js";
import { exportMerged, mergedWeights } from "./export.js";
import { openModel } from "./load/index.js";
import { LINEAR_NAMES, type Network } from "./network.js";
import { baseKey, openRewardModel, readThrough, saveRewardModel } from "./reward-model.js";
import { NetworkRunner } from "./runner.js";
import { saveHuggingFace, writeSafetensors } from "./save/index.js";
import { sequenceScores } from "./score.js";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-reward-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const runtime = new OrtRuntime({ threads: 1 });
const specialTokens = ["<pad>", "<s>", "</s>"];
const json = trainByteLevelBpe(["hello hello world"], { vocabSize: 264, specialTokens });
const tokenizer = tokenizerFromJson(json, { eos_token: "</s>", pad_token: "<pad>" });
const config = smallConfig({ vocabSize: 272, eosIds: [2], padId: 2 });
const weights = smallWeights(runtime, config);
const full = fullNetwork(runtime, config, weights, 3, "random");

const texts = [4, 9, 2].map((n, i) => ({ ids: randomIds(new RandomStream(i, "text"), n), lossMask: [] }));
const scores = (runner: NetworkRunner): Promise<number[]> =>
  sequenceScores(runner, texts, { rows: 3, padId: 0 });
const own = (network: Network): Promise<number[]> => scores(new NetworkRunner(runtime, network));

describe("a reward model of full weights", () => {
  const scale = { mean: 0.5, std: 2, maxLength: 32 };

  it("is a model for sequence classification whose padding is not the end", async () => {
    const out = join(dir, "rm");
    await saveRewardModel(out, full, { base: "base", ...scale, tokenizer });
    const saved = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    expect(saved).toMatchObject({
      architectures: ["LlamaForSequenceClassification"],
      id2label: { 0: "reward" },
      pad_token_id: tokenizer.idOf("<pad>"),
    });
    const model = await openModel(out, "any");
    expect(model.weights.names()).toContain("score.weight");
    expect(model.weights.names()).not.toContain("lm_head.weight");
    await model.close();
    const opened = await openRewardModel(runtime, out);
    expect(opened).toMatchObject(scale);
    expect(await scores(opened.runner)).toEqual(await own(full));
  });

  it("is read after all that its template writes; one of ours at the token that ends an answer", async () => {
    const template =
      "{% for m in messages %}{{ '<s>' + m.content + '</s>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<s>' }}{% endif %}";
    const chat = tokenizerFromJson(json, { eos_token: "</s>", pad_token: "<pad>", chat_template: template });
    const [end] = chat.encode("</s>");
    const [line] = chat.encode("\n");
    await exportMerged(join(dir, "theirs"), full, chat);
    const theirs = await openRewardModel(runtime, join(dir, "theirs"));
    expect(readThrough(theirs, [5, 6, end])).toEqual([5, 6, end, line]);
    expect(readThrough(theirs, [5, 6])).toEqual([5, 6]);
    const told = { ...chat, chat: { variables: {}, date: "2026-11-28" } };
    const saved = { base: join(dir, "theirs"), mean: 0, std: 1, maxLength: 32, tokenizer: told };
    await saveRewardModel(join(dir, "ours"), full, saved);
    const ours = await openRewardModel(runtime, join(dir, "ours"));
    expect(readThrough(ours, [5, 6, end])).toEqual([5, 6, end]);
    expect(ours.tokenizer.chat).toEqual({ variables: {}, date: "2026-11-28" });
  });

  it("opens where its head lies beside a language model, as it once did", async () => {
    const out = join(dir, "old");
    const head = memoryOf(full.trainable.byName.get("score.weight"));
    await saveRewardModel(out, full, { base: "base", ...scale, tokenizer });
    const file = await readFile(join(out, "reward.json"));
    await rm(out, { recursive: true });
    await saveHuggingFace(out, config, mergedWeights(full), tokenizer);
    await writeSafetensors(
      join(out, "score.safetensors"),
      new Map([["score.weight", { shape: [1, 32], data: head }]]),
    );
    await writeFile(join(out, "reward.json"), file);
    expect(await scores((await openRewardModel(runtime, out)).runner)).toEqual(await own(full));
  });
});

describe("a model for sequence classification", () => {
  it("is a reward model as it is: mean 0, deviation 1, read over its whole context", async () => {
    await exportMerged(join(dir, "rm"), full, tokenizer);
    const opened = await openRewardModel(runtime, join(dir, "rm"));
    expect(opened).toMatchObject({ mean: 0, std: 1, maxLength: config.maxPositions });
    expect(opened.tokenizer.encode("hello")).toEqual(tokenizer.encode("hello"));
    expect(await scores(opened.runner)).toEqual(await own(full));
  });

  it("is what an adapter with a head becomes when it is merged", async () => {
    const lora = { r: 2, alpha: 4, targets: LINEAR_NAMES };
    const network = loraNetwork(runtime, config, weights, lora, 1, "random");
    for (const [name, buffer] of network.trainable.byName)
      new RandomStream(9, name).fillNormal(memoryOf(buffer), 0.1);
    await exportMerged(join(dir, "rm"), network, tokenizer);
    const merged = await scores((await openRewardModel(runtime, join(dir, "rm"))).runner);
    for (const [i, score] of (await own(network)).entries()) expect(merged[i]).toBeCloseTo(score, 4);
  });

  it("is no language model, and a language model no reward model", async () => {
    await exportMerged(join(dir, "rm"), full, tokenizer);
    await expect(openModel(join(dir, "rm"))).rejects.toThrow(/reward model.*no language-model head/);
    await exportMerged(join(dir, "lm"), frozenNetwork(runtime, config, weights), tokenizer);
    await expect(openRewardModel(runtime, join(dir, "lm"))).rejects.toThrow(
      /no reward\.json, and is a language model/,
    );
    const shared = new Map([[baseKey(join(dir, "lm")), { config, weights, tokenizer }]]);
    await expect(openRewardModel(runtime, join(dir, "lm"), { shared })).rejects.toThrow(
      /is a language model/,
    );
    await exportMerged(join(dir, "mute"), full);
    await expect(openRewardModel(runtime, join(dir, "mute"))).rejects.toThrow(/no tokenizer/);
  });
});
