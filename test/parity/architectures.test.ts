import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RandomStream } from "../../src/base/random.js";
import { Generator } from "../../src/generate/index.js";
import { samplingSchema } from "../../src/generate/sampling.js";
import { collate, promptCompletion } from "../../src/model/batch.js";
import { frozenNetwork, loraNetwork } from "../../src/model/create.js";
import { hiddenStates, logits } from "../../src/model/decoder.js";
import { exportAdapter } from "../../src/model/export.js";
import { readJson } from "../../src/model/formats/json-fields.js";
import { openSafetensors } from "../../src/model/formats/safetensors.js";
import { huggingFaceConfig } from "../../src/model/load/huggingface.js";
import { openModel, openPeftAdapter } from "../../src/model/load/index.js";
import { LINEAR_NAMES, type Network } from "../../src/model/network.js";
import { adapterNetwork } from "../../src/model/read-adapter.js";
import { NetworkRunner, NetworkTrainer } from "../../src/model/runner.js";
import { saveHuggingFace, writeSafetensors } from "../../src/model/save/index.js";
import { sequenceLogProbs, sequenceScores } from "../../src/model/score.js";
import { tokenReadings } from "../../src/model/token-readings.js";
import { batchTokens, tokensRead } from "../../src/model/values.js";
import { blockLinears, expectedWeights } from "../../src/model/weight-names.js";
import { openBaseModel } from "../../src/open/open-network.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { neg, sum } from "../../src/tensor/index.js";
import { memoryOf } from "../buffers.js";
import { norm, relativeError } from "../evaluate.js";
import { ARCHITECTURE_FIXTURES, FIXTURES, loadModel, PLAIN_ADAM, readFixture } from "../fixtures.js";

/**
 * Decoding over a KV cache, adapters, saving and reward models, against transformers and peft
 * (scripts/reference/make_architectures.py). Logits, losses and gradients of the same models are in models.test.ts.
 */
const runtime = new OrtRuntime({ threads: 1 });

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "plumb-architectures-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Expected {
  inputIds: number[][];
  greedy: { prompt: number[]; ids: number[] }[];
  adapter?: { logits: { full: { at: [number, number]; logits: number[] }[] } };
}

/** Logits of every position: a function of row and position. */
async function allLogits(
  network: Network,
  rows: number[][],
): Promise<(b: number, t: number) => Float32Array> {
  const batch = collate(
    rows.map((ids) => ({ ids, lossMask: ids.map(() => true) })),
    0,
  );
  const { config } = network;
  const { all } = await new NetworkRunner(runtime, network).evaluate(
    (p, x) => ({ all: logits(p, config, hiddenStates(p, config, x.ids)) }),
    batchTokens(batch),
    {},
  );
  const V = config.vocabSize;
  return (b, t) =>
    (all as Float32Array).subarray((b * batch.columns + t) * V, (b * batch.columns + t + 1) * V);
}

describe.each(ARCHITECTURE_FIXTURES)("%s", (name) => {
  const expected = readFixture<Expected>(`models/${name}/expected.json`);

  test("greedy decoding gives transformers' tokens, and the likeliest of the whole sequence", async () => {
    const { config, weights } = await loadModel(runtime, name);
    const network = frozenNetwork(runtime, { ...config, eosIds: [] }, weights);
    const settings = samplingSchema.parse({ temperature: 0, maxNewTokens: expected.greedy[0].ids.length });
    const prompts = expected.greedy.map(({ prompt }) => prompt);
    const found = (await new Generator(runtime, network, 0).generate(prompts, settings)).map(
      ({ ids }) => ids,
    );
    const at = await allLogits(
      network,
      prompts.map((prompt, i) => [...prompt, ...found[i]]),
    );
    for (const [b, ids] of found.entries()) {
      const likeliest = ids.map((_, t) => {
        const row = at(b, prompts[b].length - 1 + t);
        return row.indexOf(Math.max(...row));
      });
      expect(ids).toEqual(likeliest);
    }
    expect(found).toEqual(expected.greedy.map(({ ids }) => ids));
  });

  test("log-probabilities of sampled tokens equal those of the trainer", async () => {
    const { config, weights } = await loadModel(runtime, name);
    const network = frozenNetwork(runtime, { ...config, eosIds: [] }, weights);
    const settings = samplingSchema.parse({ temperature: 0.7, maxNewTokens: 8, seed: 5 });
    const prompts = expected.greedy.map(({ prompt }) => prompt);
    const completions = await new Generator(runtime, network, 0).generate(prompts, settings);
    const sequences = completions.map(({ ids }, i) => promptCompletion(prompts[i], ids));
    const runner = new NetworkRunner(runtime, network);
    const want = await sequenceLogProbs(runner, sequences, { rows: 3, padId: 0 }, 0.7);
    for (const [i, { logProbs }] of completions.entries())
      expect(relativeError(logProbs, want[i])).toBeLessThan(1e-4);
  });

  const folder = path.join(FIXTURES, "models", name);

  test.runIf(expected.adapter)("an adapter that peft saved, and what is saved of it", async () => {
    const { config, weights } = await loadModel(runtime, name);
    const network = await adapterNetwork(runtime, config, weights, path.join(folder, "adapter"));
    const at = await allLogits(network, expected.inputIds);
    for (const { at: place, logits: want } of expected.adapter?.logits.full ?? [])
      expect(relativeError(at(...place), want)).toBeLessThan(1e-4);

    await exportAdapter(path.join(dir, "adapter"), network, name);
    const [ours, theirs] = await Promise.all(
      [dir, folder].map((from) => openPeftAdapter(path.join(from, "adapter"))),
    );
    expect(ours.weights.names().sort()).toEqual(theirs.weights.names().sort());
    for (const tensor of theirs.weights.names())
      expect(await ours.weights.read(tensor)).toEqual(await theirs.weights.read(tensor));
    const fan = async (from: string): Promise<unknown> =>
      JSON.parse(await readFile(path.join(from, "adapter", "adapter_config.json"), "utf8")).fan_in_fan_out;
    expect(await fan(dir)).toBe(await fan(folder));
    await Promise.all([ours.weights.close(), theirs.weights.close()]);
  });

  test("LoRA on all linear layers has a gradient in every one", async () => {
    const { config, weights } = await loadModel(runtime, name);
    const targets = config.experts ? blockLinears(config).map((linear) => linear.name) : LINEAR_NAMES;
    const network = loraNetwork(runtime, config, weights, { r: 2, alpha: 4, targets }, 1);
    const trainer = new NetworkTrainer(runtime, network, PLAIN_ADAM);
    const batch = collate([{ ids: expected.inputIds[0], lossMask: expected.inputIds[0].map(() => true) }], 0);
    await trainer.differentiate(
      (p, x) => ({ loss: neg(sum(tokenReadings(p, x, { differentiable: true }).logProbs)) }),
      tokensRead(batch),
      {},
    );
    const matrices = trainer.gradients.specs.filter(({ name }) => name.endsWith(".lora_B.weight"));
    expect(matrices.length).toBe(config.layers * blockLinears(config).length);
    for (const matrix of matrices)
      expect(norm(memoryOf(trainer.gradients.byName.get(matrix.name)))).toBeGreaterThan(1e-6);
  });

  test("a saved folder has transformers' names and opens as the same model", async () => {
    const files = await openModel(folder);
    const { config } = files;
    const weights = new Map<string, { shape: number[]; data: Float32Array }>();
    for (const [tensor, shape] of expectedWeights(config))
      weights.set(tensor, { shape, data: await files.weights.read(tensor) });
    await files.close();
    await saveHuggingFace(path.join(dir, "model"), config, weights);
    const [ours, theirs] = await Promise.all(
      [path.join(dir, "model"), folder].map((from) => openSafetensors(path.join(from, "model.safetensors"))),
    );
    expect(ours.names().sort()).toEqual(theirs.names().sort());
    for (const tensor of theirs.names()) expect(ours.shape(tensor)).toEqual(theirs.shape(tensor));
    await Promise.all([ours.close(), theirs.close()]);

    const again = await openModel(path.join(dir, "model"));
    expect(again.config).toEqual(config);
    for (const [tensor, { data }] of weights) expect(await again.weights.read(tensor)).toEqual(data);
    await again.close();
  });

  test.runIf(existsSync(path.join(folder, "config.legacy.json")))(
    "the configuration in the spelling of transformers 4 means the same",
    async () => {
      const { config } = await loadModel(runtime, name);
      const legacy = await readJson(path.join(folder, "config.legacy.json"));
      expect(huggingFaceConfig(legacy, await readJson(path.join(folder, "generation_config.json")))).toEqual(
        config,
      );
    },
  );
});

test("longrope takes texts up to the original context, and a larger one is refused by name", async () => {
  const folder = path.join(FIXTURES, "models", "longrope");
  expect((await openBaseModel(runtime, folder)).config.maxPositions).toBe(32);
  expect((await openBaseModel(runtime, folder, [], { maxPositions: 16 })).config.maxPositions).toBe(16);
  await expect(openBaseModel(runtime, folder, [], { maxPositions: 64 })).rejects.toThrow(
    /longrope, which is read for 32 tokens, so it cannot take 64/,
  );
});

test("GPT-2's own files, saved from the model without its head, lack the first part of every name", async () => {
  const folder = path.join(FIXTURES, "models", "gpt2");
  const [file, whole] = [
    await openSafetensors(path.join(folder, "model.safetensors")),
    await openModel(folder),
  ];
  const short = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const name of file.names())
    short.set(name.replace("transformer.", ""), { shape: file.shape(name), data: await file.read(name) });
  await copyFile(path.join(folder, "config.json"), path.join(dir, "config.json"));
  await writeSafetensors(path.join(dir, "model.safetensors"), short);
  const model = await openModel(dir);
  for (const name of expectedWeights(model.config).keys())
    expect(await model.weights.read(name)).toEqual(await whole.weights.read(name));
  await Promise.all([file.close(), whole.close(), model.close()]);
});

test("gpt-oss with its experts packed as MXFP4 gives the logits of their values, and is saved in floats", async () => {
  const expected = readFixture<Required<Expected>["adapter"] & Expected>(
    "models/gpt-oss-mxfp4/expected.json",
  );
  const { config, weights } = await loadModel(runtime, "gpt-oss-mxfp4");
  const at = await allLogits(frozenNetwork(runtime, config, weights), expected.inputIds);
  for (const { at: place, logits: want } of expected.logits.full)
    expect(relativeError(at(...place), want)).toBeLessThan(1e-4);

  const files = await openModel(path.join(FIXTURES, "models", "gpt-oss-mxfp4"));
  const whole = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, shape] of expectedWeights(config))
    whole.set(name, { shape, data: await files.weights.read(name) });
  await files.close();
  await saveHuggingFace(path.join(dir, "floats"), config, whole);
  const again = await openModel(path.join(dir, "floats"));
  expect(again.config).toEqual(config);
  for (const [name, { data }] of whole) expect(await again.weights.read(name)).toEqual(data);
  await again.close();
});

describe("Gemma 3 that sees images", () => {
  const folder = path.join(FIXTURES, "models", "gemma3-images");
  const expected = readFixture<Required<Expected>["adapter"] & Expected>(
    "models/gemma3-images/expected.json",
  );

  test("its text model gives transformers' logits and greedy tokens; the vision tower is left out, and said so", async () => {
    const files = await openModel(folder);
    expect(files.leftOut).toMatch(/^the vision tower \(\d\d+ tensors\)/);
    await files.close();
    const { config, weights } = await loadModel(runtime, "gemma3-images");
    const network = frozenNetwork(runtime, { ...config, eosIds: [] }, weights);
    const at = await allLogits(network, expected.inputIds);
    for (const { at: place, logits: want } of expected.logits.full)
      expect(relativeError(at(...place), want)).toBeLessThan(1e-4);
    const settings = samplingSchema.parse({ temperature: 0, maxNewTokens: expected.greedy[0].ids.length });
    const prompts = expected.greedy.map(({ prompt }) => prompt);
    const found = await new Generator(runtime, network, 0).generate(prompts, settings);
    expect(found.map(({ ids }) => ids)).toEqual(expected.greedy.map(({ ids }) => ids));
  });

  test("names of transformers 4, 4.52 and 5 are read, and it is saved as the text model that it is", async () => {
    const [file, whole] = [
      await openSafetensors(path.join(folder, "model.safetensors")),
      await openModel(folder),
    ];
    const spellings = [
      ["language_model.model.", "vision_tower."],
      ["model.language_model.", "model.vision_tower."],
    ];
    const [own] = spellings.filter(([text]) => file.names().some((name) => name.startsWith(text)));
    for (const [i, [text, vision]] of spellings.entries()) {
      const renamed = new Map<string, { shape: number[]; data: Float32Array }>();
      for (const name of file.names()) {
        const other = name.replace(own[0], text).replace(own[1], vision);
        renamed.set(other, { shape: file.shape(name), data: await file.read(name) });
      }
      const copy = path.join(dir, String(i));
      await mkdir(copy);
      await copyFile(path.join(folder, "config.json"), path.join(copy, "config.json"));
      await writeSafetensors(path.join(copy, "model.safetensors"), renamed);
      const model = await openModel(copy);
      for (const name of expectedWeights(model.config).keys())
        expect(await model.weights.read(name)).toEqual(await whole.weights.read(name));
      await model.close();
    }
    const weights = new Map<string, { shape: number[]; data: Float32Array }>();
    for (const [name, shape] of expectedWeights(whole.config))
      weights.set(name, { shape, data: await whole.weights.read(name) });
    await saveHuggingFace(path.join(dir, "text"), whole.config, weights);
    const text = await openModel(path.join(dir, "text"));
    expect(text.config).toEqual({ ...whole.config, partOf: undefined });
    expect(text.leftOut).toBeUndefined();
    const json = await readJson(path.join(dir, "text", "config.json"));
    expect(json.get("architectures")).toEqual(["Gemma3ForCausalLM"]);
    await Promise.all([file.close(), whole.close(), text.close()]);
  });
});

/** Names of modules and tensors as peft has them over Gemma3ForConditionalGeneration (transformers 4.52 and later). */
test("an adapter trained on Gemma 3 with images has the names of that class, and leaves its tower alone", async () => {
  const { config, weights } = await loadModel(runtime, "gemma3-images");
  const targets = ["q_proj", "down_proj"] as const;
  const network = loraNetwork(runtime, config, weights, { r: 2, alpha: 4, targets }, 1);
  for (const [name, buffer] of network.trainable.byName) {
    const size = buffer.shape.reduce((a, b) => a * b, 1);
    await buffer.write(new RandomStream(2, name).fillNormal(new Float32Array(size), 0.2));
  }
  await exportAdapter(path.join(dir, "adapter"), network, "gemma3-images");
  const file = await openSafetensors(path.join(dir, "adapter", "adapter_model.safetensors"));
  const names = file.names();
  await file.close();
  const at = "base_model.model.model.language_model.layers";
  expect(names.length).toBe(2 * 2 * config.layers);
  expect(names).toContain(`${at}.0.self_attn.q_proj.lora_A.weight`);
  expect(names.every((name) => name.startsWith(`${at}.`))).toBe(true);

  const json = await readJson(path.join(dir, "adapter", "adapter_config.json"));
  const pattern = new RegExp(`^(?:${json.get("target_modules")})$`);
  const within = "model.language_model.layers.11";
  expect([`${within}.self_attn.q_proj`, `${within}.mlp.down_proj`].every((one) => pattern.test(one))).toBe(
    true,
  );
  for (const other of [
    `${within}.self_attn.k_proj`,
    "model.vision_tower.vision_model.encoder.layers.0.self_attn.q_proj",
    `x.${within}.self_attn.q_proj`,
  ])
    expect(pattern.test(other)).toBe(false);

  const again = await adapterNetwork(runtime, config, weights, path.join(dir, "adapter"));
  for (const [name, buffer] of network.trainable.byName)
    expect(memoryOf(again.trainable.byName.get(name))).toEqual(memoryOf(buffer));
});

describe.each(["llama-reward", "gpt2-reward"])("%s, a reward model as TRL saves it", (name) => {
  test("gives transformers' scores", async () => {
    const expected = readFixture<{ inputIds: number[][]; scores: number[] }>(`models/${name}/expected.json`);
    const { config, weights } = await loadModel(runtime, name);
    expect(config.head).toBe("score");
    const runner = new NetworkRunner(runtime, frozenNetwork(runtime, config, weights));
    const sequences = expected.inputIds.map((ids) => ({ ids, lossMask: [] }));
    const scores = await sequenceScores(runner, sequences, { rows: 2, padId: 0 });
    expect(relativeError(scores, expected.scores)).toBeLessThan(1e-4);
  });
});
