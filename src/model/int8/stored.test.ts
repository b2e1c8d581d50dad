import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryOf } from "../../../test/buffers.js";
import { relativeError } from "../../../test/evaluate.js";
import { int8IsExact } from "../../../test/int8-support.js";
import { randomIds, smallConfig, smallWeights } from "../../../test/tiny-network.js";
import { RandomStream } from "../../base/random.js";
import { int8Names } from "../../nn/index.js";
import { OrtRuntime } from "../../runtime/ort/index.js";
import type { HostArray } from "../../runtime/runtime.js";
import type { ModelConfig } from "../config.js";
import { frozenNetwork } from "../create.js";
import { openSafetensors } from "../formats/safetensors.js";
import { openModel } from "../load/index.js";
import type { Network, Weights } from "../network.js";
import { readModelWeights } from "../read-weights.js";
import { NetworkRunner } from "../runner.js";
import { type SavedTensor, saveHuggingFace, writeSafetensors } from "../save/index.js";
import { saveInt8 } from "../save-int8.js";
import { sequenceLogProbs, sequenceScores } from "../score.js";
import { quantizeBase } from "./build.js";
import { isInt8, withGradients } from "./gradients.js";
import { quantizeRows, transposed, turned, turnedPieces } from "./quantize.js";
import { int8Shapes } from "./shapes.js";
import { describeInt8, type StoredInt8 } from "./stored.js";

const EXPERTS = { count: 4, chosen: 2, width: 24, normalized: true };
const GPT_OSS: Partial<ModelConfig> = {
  ...{ architecture: "gpt_oss", intermediateSize: 24 },
  ...{
    attentionSinks: true,
    qkvBias: true,
    outputBias: true,
    slidingWindow: 16,
    windowedLayers: [true, false],
  },
  experts: { ...EXPERTS, bias: true, clamped: { limit: 7, slope: 1.702 } },
};
const GEMMA: Partial<ModelConfig> = {
  ...{ embeddingScale: Math.sqrt(32), activation: "gelu_tanh", tieWordEmbeddings: true },
};

const runtime = new OrtRuntime({ threads: 1 });
const random = new RandomStream(4, "texts");
const texts = Array.from({ length: 12 }, () => randomIds(random, 30));

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-int8-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Made {
  config: ModelConfig;
  exact: Weights;
  base: Weights;
  description: StoredInt8;
}

async function made(changes: Partial<ModelConfig> = {}, limit = 0.01): Promise<Made> {
  const config = smallConfig({ heads: 4, kvHeads: 2, ...changes });
  const exact = smallWeights(runtime, config);
  const rounded = await quantizeBase(runtime, config, exact, texts, { limit, use: "storage" });
  return { config, exact, base: rounded.weights, description: describeInt8(rounded, "data", limit) };
}

let usual: Promise<Made> | undefined;
/** A base with nothing special, made once: what is saved of it is not changed. */
const sound = (): Promise<Made> => {
  usual ??= made();
  return usual;
};

async function loaded(folder: string, head?: "any"): Promise<{ config: ModelConfig; base: Weights }> {
  const files = await openModel(folder, head);
  try {
    return { config: files.config, base: await readModelWeights(runtime, files) };
  } finally {
    await files.close();
  }
}

const logProbs = (network: Network): Promise<Float32Array[]> =>
  sequenceLogProbs(
    new NetworkRunner(runtime, network),
    texts.slice(0, 3).map((ids) => ({ ids, lossMask: ids.map(() => true) })),
    { rows: 3, padId: 0 },
  );

const bytesOf = (base: Weights): Record<string, string> =>
  Object.fromEntries(
    [...base].map(([name, buffer]) => {
      const { buffer: memory, byteOffset, byteLength } = memoryOf<HostArray>(buffer);
      return [
        name,
        createHash("sha256")
          .update(new Uint8Array(memory, byteOffset, byteLength))
          .digest("hex"),
      ];
    }),
  );

const bytes = (base: Weights): number =>
  [...base.values()].reduce((total, buffer) => total + memoryOf<HostArray>(buffer).byteLength, 0);

/** A matrix whose columns have scales, in f32. */
const quantizedMatrix = (base: Weights, values: string, scales: string): Float32Array => {
  const steps = memoryOf(base.get(scales));
  return Float32Array.from(
    memoryOf<Int8Array>(base.get(values)),
    (value, i) => value * steps[i % steps.length],
  );
};

describe("a base in 8 bits as a folder", () => {
  const kinds: [string, Partial<ModelConfig>, number][] = [
    ["untied", { qkvBias: true, outputBias: true, mlpBias: true }, 0.01],
    ["tied, all activations in 16 bits", { tieWordEmbeddings: true }, 1e-9],
    ["gpt2", gpt2(), 10],
    ["norms after only", { architecture: "olmo2", blockNorms: "post", queryKeyNorm: "width" }, 10],
    ["a mixture of experts", { architecture: "mixtral", intermediateSize: 24, experts: EXPERTS }, 10],
    ["limited experts with biases", GPT_OSS, 10],
  ];
  test.each(kinds)("is the same base when it is opened: %s", async (name, changes, limit) => {
    const { config, base, description } = await made(changes, limit);
    const folder = join(dir, name.replaceAll(/\W/g, "-"));
    await saveInt8(folder, config, base, description);
    const again = await loaded(folder);
    expect(again.config).toEqual(config);
    const inTraining = await withGradients(runtime, config, again.base);
    const shapes = [...inTraining].map(([key, { dtype, shape }]) => [key, { dtype, shape }] as const);
    expect(new Map(int8Shapes(config, description))).toEqual(new Map(shapes));
    expect(bytesOf(again.base)).toEqual(bytesOf(base));
    expect(await logProbs(frozenNetwork(runtime, config, again.base))).toEqual(
      await logProbs(frozenNetwork(runtime, config, base)),
    );
  });

  test.skipIf(!int8IsExact)("is close to the exact one, and takes about a quarter of its bytes", async () => {
    const wide = { hiddenSize: 128, intermediateSize: 256, heads: 4, kvHeads: 4, headDim: 32 };
    const { config, exact, base, description } = await made(wide);
    const folder = join(dir, "quarter");
    await saveInt8(folder, config, base, description);
    const { size } = await stat(join(folder, "model.safetensors"));
    expect(size / bytes(exact)).toBeLessThan(0.3);
    const [want, got] = [exact, base].map((one) => logProbs(frozenNetwork(runtime, config, one)));
    for (const [i, row] of (await got).entries())
      expect(relativeError(row, (await want)[i])).toBeLessThan(0.1);
  });

  test.skipIf(!int8IsExact)("of a model with a scalar head gives nearly its rewards", async () => {
    const { config, exact, base, description } = await made({ head: "score" });
    expect(description.error.kl_per_token).toBeLessThan(0.01);
    expect(description.error.gradient_cosine).toBeGreaterThan(0.97);
    const folder = join(dir, "score");
    await saveInt8(folder, config, base, description);
    await expect(openModel(folder)).rejects.toThrow(/is a reward model/);
    const rewards = (of: Weights): Promise<number[]> =>
      sequenceScores(
        new NetworkRunner(runtime, frozenNetwork(runtime, config, of)),
        texts.map((ids) => ({ ids, lossMask: [] })),
        { rows: 4, padId: 0 },
      );
    const [want, got] = [await rewards(exact), await rewards((await loaded(folder, "any")).base)];
    expect(got).toEqual(await rewards(base));
    expect(relativeError(Float32Array.from(got), Float32Array.from(want))).toBeLessThan(0.2);
  });

  test("is written in shards, and the same bytes each time", async () => {
    const { config, base, description } = await sound();
    const [one, two] = [join(dir, "one"), join(dir, "two")];
    for (const folder of [one, two]) await saveInt8(folder, config, base, description, undefined, 4000);
    const names = (await readdir(one)).sort();
    expect(names.filter((name) => name.endsWith(".safetensors")).length).toBeGreaterThan(3);
    for (const name of names)
      expect(await readFile(join(one, name))).toEqual(await readFile(join(two, name)));
    expect(bytesOf((await loaded(one)).base)).toEqual(bytesOf(base));
  });

  test.skipIf(!int8IsExact)("has what gradients need made from its 8-bit values", async () => {
    const { config, exact, base, description } = await made({ tieWordEmbeddings: true });
    expect(description.error.kl_per_token).toBeLessThan(0.02);
    expect(description.error.gradient_cosine).toBeGreaterThan(0.97);
    expect([...base.keys()].filter((name) => name.includes("adjoint"))).toEqual([]);
    const trainable = await withGradients(runtime, config, base);
    const { values, scales } = int8Names("model.layers.0.mlp.up_proj.weight").adjoint;
    const adjoint = quantizedMatrix(trainable, values, scales); // [out, in]
    const forward = int8Names("model.layers.0.mlp.up_proj.weight").w8a8;
    const want = transposed(quantizedMatrix(base, forward.values, forward.scales), 32, 48);
    expect(relativeError(adjoint, want)).toBeLessThan(0.01);
    const head = int8Names("model.embed_tokens.weight");
    expect(trainable.get(head.adjoint.values)?.shape).toEqual([60, 32]);
    expect(trainable.get(head.dither)?.shape).toEqual([16, 60]);
    expect(trainable.has("model.embed_tokens.weight")).toBe(false);
    expect(await withGradients(runtime, config, trainable)).toBe(trainable);
    expect(await withGradients(runtime, config, exact)).toBe(exact);
    expect([isInt8(base), isInt8(exact)]).toEqual([true, false]);
  });
});

describe("what is refused when such a folder is opened", () => {
  type Tensors = Map<string, SavedTensor>;
  const damage: [string, RegExp, (tensors: Tensors) => void][] = [
    [
      "a scale that is missing",
      /q_proj\.weight_scale is missing, which a model in 8 bits has/,
      (tensors) => tensors.delete("model.layers.0.self_attn.q_proj.weight_scale"),
    ],
    [
      "a scale of the wrong length",
      /weight_scale has the shape \[31\]; the configuration says \[64\]/,
      (tensors) => tensors.set("model.layers.0.self_attn.q_proj.weight_scale", floats(31)),
    ],
    [
      "a matrix of another shape",
      /q_proj\.weight has the shape \[32, 16\]; the configuration says \[64, 32\]/,
      (tensors) => tensors.set("model.layers.0.self_attn.q_proj.weight", whole([32, 16])),
    ],
    [
      "a matrix in f32",
      /q_proj\.weight is stored as F32; in a model in 8 bits it is I8/,
      (tensors) =>
        tensors.set("model.layers.0.self_attn.q_proj.weight", {
          shape: [64, 32],
          data: new Float32Array(2048),
        }),
    ],
    [
      "a scale that is negative",
      /up_proj\.weight_scale\[0\] is -1; expected 0 or more/,
      (tensors) => tensors.set("model.layers.1.mlp.up_proj.weight_scale", floats(48, -1)),
    ],
    [
      "a scale that is no number",
      /up_proj\.weight_scale holds NaN/,
      (tensors) => tensors.set("model.layers.1.mlp.up_proj.weight_scale", floats(48, Number.NaN)),
    ],
    [
      "a factor of zero",
      /divided_input\[0\] is 0; expected more than 0/,
      (tensors) => tensors.set("model.layers.1.mlp.up_proj.divided_input", floats(32, 0)),
    ],
    ["a tensor too many", /extra is not a tensor of such/, (tensors) => tensors.set("extra", floats(2))],
  ];
  test.each(damage)("%s", async (_name, message, change) => {
    const folder = await copyWith(change);
    await expect(loaded(folder)).rejects.toThrow(message);
  });

  const descriptions: [string, object, RegExp][] = [
    ["a later version", { version: 4 }, /are of version 4; this Plumbline reads version 3/],
    ["an earlier version", { version: 1 }, /"quantization_config.version" is not valid/],
    ["a version that is no number", { version: "one" }, /"version" is "one"; expected a number/],
    ["version 0", { version: 0 }, /"quantization_config.version" is not valid/],
    ["another method", { quant_method: "gptq" }, /the weights are quantised/],
    [
      "an unknown product",
      { activations_16_bit: ["model.norm.weight"] },
      /"model\.norm\.weight", which is not the weight of a product/,
    ],
    ["an error below zero", { error: { kl_per_token: -1 } }, /"quantization_config\.error/],
    ["a digest that is none", { calibration: { sha256: "1" } }, /"quantization_config\.calibration/],
  ];
  test.each(descriptions)("%s in config.json", async (_name, change, message) => {
    const folder = await copyWith(() => {});
    await changeConfig(folder, (json) => {
      const description = json.quantization_config ?? {};
      for (const [key, value] of Object.entries(change))
        description[key] = isPlain(value) ? { ...description[key], ...value } : value;
    });
    await expect(openModel(folder)).rejects.toThrow(message);
  });

  test("8-bit tensors under a configuration that says nothing of them, and the reverse", async () => {
    const folder = await copyWith(() => {});
    await changeConfig(folder, (json) => {
      delete json.quantization_config;
    });
    await expect(openModel(folder)).rejects.toThrow(
      /stored as I8, but config.json has no "quantization_config"/,
    );
    const config = smallConfig({ heads: 4, kvHeads: 2 });
    const plain = join(dir, "plain");
    const weights = smallWeights(runtime, config);
    await saveHuggingFace(
      plain,
      config,
      new Map(
        [...weights].map(([name, { shape }]) => [
          name,
          { shape: [...shape], data: memoryOf(weights.get(name)) },
        ]),
      ),
    );
    const { quantization_config } = JSON.parse(
      await readFile(join(await copyWith(() => {}), "config.json"), "utf8"),
    );
    await changeConfig(plain, (json) => Object.assign(json, { quantization_config }));
    await expect(openModel(plain)).rejects.toThrow(
      /embed_tokens\.weight is stored as F32; in a model in 8 bits it is I8/,
    );
  });

  test("a configuration of another size", async () => {
    const folder = await copyWith(() => {});
    await changeConfig(folder, (json) => Object.assign(json, { intermediate_size: 47 }));
    await expect(openModel(folder)).rejects.toThrow(/the configuration says \[47, 32\]/);
  });

  test("a shard that was cut short, before anything is read", async () => {
    const { config, base, description } = await sound();
    const folder = join(dir, "cut");
    await saveInt8(folder, config, base, description, undefined, 20_000);
    const shard = (await readdir(folder)).filter((name) => name.endsWith(".safetensors")).sort()[1];
    const { size } = await stat(join(folder, shard));
    await truncate(join(folder, shard), size - 10);
    await expect(openModel(folder)).rejects.toThrow(/was cut short|belong to no tensor/);
  });

  const isPlain = (value: unknown): boolean => typeof value === "object" && !Array.isArray(value);
  let count = 0;
  /** A sound folder whose tensors were changed. */
  async function copyWith(change: (tensors: Tensors) => void): Promise<string> {
    const { config, base, description } = await sound();
    const folder = join(dir, `changed-${count++}`);
    await saveInt8(folder, config, base, description);
    const file = await openSafetensors(join(folder, "model.safetensors"));
    const tensors: Tensors = new Map();
    for (const name of file.names()) {
      const shape = file.shape(name);
      if (file.dtype(name) === "I8") {
        const values = await file.readInt8(name);
        tensors.set(name, { shape, dtype: "I8", pieces: () => [values] });
      } else tensors.set(name, { shape, data: await file.read(name) });
    }
    await file.close();
    change(tensors);
    await writeSafetensors(join(folder, "model.safetensors"), tensors);
    return folder;
  }

  async function changeConfig(
    folder: string,
    change: (json: { quantization_config?: Record<string, object> }) => void,
  ): Promise<void> {
    const path = join(folder, "config.json");
    const json = JSON.parse(await readFile(path, "utf8"));
    change(json);
    await writeFile(path, JSON.stringify(json));
  }

  const floats = (length: number, value = 1): SavedTensor => ({
    shape: [length],
    data: new Float32Array(length).fill(value),
  });
  const whole = (shape: number[]): SavedTensor => ({
    shape,
    dtype: "I8",
    pieces: () => [new Int8Array(shape[0] * shape[1])],
  });
});

test("nothing is written where the folder is taken", async () => {
  const { config, base, description } = await sound();
  const folder = join(dir, "taken");
  await saveInt8(folder, config, base, description);
  await writeFile(join(folder, "mine.txt"), "mine");
  await expect(saveInt8(folder, config, base, description)).rejects.toThrow(/already holds mine.txt/);
  expect((await readdir(dir)).filter((name) => name.startsWith(".taken"))).toEqual([]);
});

test("rows are rounded by themselves; turning back gives the matrix, in pieces of any size", () => {
  const table = new RandomStream(1, "table").fillNormal(new Float32Array(6 * 10), 1);
  const { values, scales } = quantizeRows(table, 10);
  table.forEach((value, i) => {
    const scale = scales[Math.floor(i / 10)];
    expect(Math.abs(values[i] * scale - value)).toBeLessThanOrEqual(scale / 2 + 1e-6);
  });
  const back = turned(values, 6, 10);
  expect(turned(back, 10, 6)).toEqual(values);
  for (const elements of [1, 13, 1000]) {
    const pieces: number[] = [];
    for (const piece of turnedPieces(values, 6, 10, elements)) pieces.push(...piece);
    expect(Int8Array.from(pieces)).toEqual(back);
  }
});

test.each([
  [
    2,
    { architecture: "gemma", unitOffsetNorm: true, ...GEMMA },
    /norms of such a model .* were scaled wrongly/,
  ],
  [2, {}, undefined],
  [3, { architecture: "gemma", unitOffsetNorm: true, ...GEMMA }, undefined],
] as const)("version %i of %j", async (version, changes, message) => {
  const { config, base, description } = await made(changes, 10);
  const folder = join(dir, `version-${version}-${Object.keys(changes).length}`);
  await saveInt8(folder, config, base, { ...description, version });
  if (message) await expect(openModel(folder)).rejects.toThrow(message);
  else await (await openModel(folder)).close();
});

/** Sizes of a tiny GPT-2. */
function gpt2(): Partial<ModelConfig> {
  return {
    architecture: "gpt2",
    ...{ norm: "layer", plainMlp: true, activation: "gelu_tanh", fusedQkv: true, learnedPositions: true },
    ...{ qkvBias: true, outputBias: true, mlpBias: true, tieWordEmbeddings: true },
    ...{ heads: 2, kvHeads: 2, intermediateSize: 128, ropeTheta: undefined },
  };
}
