import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tinyConfig, tinyWeights } from "../../../test/tiny-model.js";
import { trainByteLevelBpe } from "../../text/bpe-trainer.js";
import { tokenizerFromJson } from "../../text/tokenizer.js";
import type { ModelConfig } from "../config.js";
import { bf16ToF32, f16ToF32Table } from "../formats/half.js";
import { openSafetensors } from "../formats/safetensors.js";
import { bf16Bits, f16Bits } from "../formats/to-half.js";
import { openModel, openPeftAdapter } from "../load/index.js";
import {
  type SavedTensor,
  saveHuggingFace,
  savePeft,
  type TensorData,
  type TensorPieces,
  writeSafetensors,
} from "./index.js";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-save-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("16-bit floats", () => {
  const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];

  it("round to the nearest, and give back what they can hold", () => {
    const table = f16ToF32Table();
    const wrong: number[] = [];
    for (let bits = 0; bits < 65536; bits++) {
      if (Number.isNaN(table[bits])) continue;
      if (f16Bits(bitsOf(table[bits])) !== bits) wrong.push(bits);
      if ((bits & 0x7fff) >= 0x7bff) continue;
      const middle = (table[bits] + table[bits + 1]) / 2;
      if (f16Bits(bitsOf(middle)) !== bits + (bits & 1)) wrong.push(bits);
    }
    expect(wrong).toEqual([]);
    expect([f16Bits(bitsOf(1e6)), f16Bits(bitsOf(-1e-9)), f16Bits(0x7fc00000)]).toEqual([
      0x7c00, 0x8000, 0x7e00,
    ]);
  });

  it("bfloat16 is the nearest of its neighbours", () => {
    const out = new Float32Array(1);
    const back = (bits: number) => {
      bf16ToF32(Uint8Array.of(bits & 255, bits >> 8), out);
      return out[0];
    };
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: Math.fround(-1e30), max: Math.fround(1e30) }), (value) => {
        const bits = bf16Bits(bitsOf(value));
        const error = Math.abs(back(bits) - value);
        expect(error).toBeLessThanOrEqual(Math.abs(back(bits + 1) - value));
        if ((bits & 0x7fff) !== 0) expect(error).toBeLessThanOrEqual(Math.abs(back(bits - 1) - value));
      }),
    );
    expect([bf16Bits(bitsOf(Number.POSITIVE_INFINITY)), bf16Bits(0x7fc00000)]).toEqual([0x7f80, 0x7fc0]);
  });
});

describe("writeSafetensors", () => {
  const tensors = new Map<string, TensorData>([
    ["b", { shape: [2], data: Float32Array.of(1, -2) }],
    ["a", { shape: [1, 3], data: Float32Array.of(0.5, 0, 3) }],
  ]);

  it.each(["F32", "BF16", "F16"] as const)("writes %s that is read back", async (dtype) => {
    const path = join(dir, "x.safetensors");
    await writeSafetensors(path, tensors, dtype);
    const weights = await openSafetensors(path);
    expect([weights.names(), weights.dtype("a"), weights.shape("a")]).toEqual([["a", "b"], dtype, [1, 3]]);
    expect([...(await weights.read("a"))]).toEqual([0.5, 0, 3]);
    await weights.close();
  });

  it("asks for pieces one after another, and gives the bytes of the whole tensor", async () => {
    const data = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    const reused = new Float32Array(7);
    const inPieces: TensorPieces = {
      shape: [10, 100],
      *pieces() {
        for (let at = 0; at < data.length; at += reused.length) {
          reused.set(data.subarray(at, at + reused.length));
          yield reused.subarray(0, data.length - at);
        }
      },
    };
    for (const dtype of ["F32", "BF16", "F16"] as const) {
      await writeSafetensors(join(dir, "1"), new Map([["x", { shape: [10, 100], data }]]), dtype);
      await writeSafetensors(join(dir, "2"), new Map([["x", inPieces]]), dtype);
      expect(await readFile(join(dir, "1"))).toEqual(await readFile(join(dir, "2")));
    }
    const short = { shape: [1001], pieces: () => inPieces.pieces() };
    await expect(writeSafetensors(join(dir, "3"), new Map([["x", short]]))).rejects.toThrow(
      "x of shape [1001] came as 4000 bytes",
    );
  });

  it("gives equal bytes whatever the order of the tensors", async () => {
    await writeSafetensors(join(dir, "1"), tensors);
    await writeSafetensors(join(dir, "2"), new Map([...tensors].reverse()));
    expect(await readFile(join(dir, "1"))).toEqual(await readFile(join(dir, "2")));
  });
});

const ropeScaling = {
  kind: "llama3",
  factor: 8,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositions: 32,
} as const;
const families: [string, Partial<ModelConfig>][] = [
  ["llama", {}],
  ["llama, tied, with Llama 3's scaling", { tieWordEmbeddings: true, ropeScaling, eosIds: [2, 3] }],
  ["llama with biases", { qkvBias: true, outputBias: true, mlpBias: true }],
  ["mistral with a window", { architecture: "mistral", slidingWindow: 8 }],
  ["qwen2", { architecture: "qwen2", qkvBias: true, bosId: undefined }],
  ["qwen2 with a window", { architecture: "qwen2", qkvBias: true, slidingWindow: 8 }],
];

describe("saveHuggingFace", () => {
  it.each(families)("saves %s so that openModel gives it back", async (_, changes) => {
    const config = tinyConfig(changes);
    const weights = tinyWeights(config);
    await saveHuggingFace(join(dir, "model"), config, weights);
    const model = await openModel(join(dir, "model"));
    expect(model.config).toEqual(config);
    for (const [name, { data }] of weights) expect(await model.weights.read(name)).toEqual(data);
    await model.close();
  });

  it("saves the tokenizer beside the model", async () => {
    const specialTokens = ["<pad>", "<s>", "</s>"];
    const json = trainByteLevelBpe(["hello hello world"], { vocabSize: 264, specialTokens });
    const tokenizer = tokenizerFromJson(json, { eos_token: "</s>", chat_template: "{{ messages }}" });
    const config = tinyConfig();
    await saveHuggingFace(join(dir, "model"), config, tinyWeights(config), tokenizer);
    const model = await openModel(join(dir, "model"));
    await model.close();
    expect(model.tokenizer?.encode("hello")).toEqual(tokenizer.encode("hello"));
    expect(model.tokenizer?.chatTemplate).toBe("{{ messages }}");
  });

  it("writes soft caps as floats, which transformers asks for", async () => {
    const config = tinyConfig({ architecture: "gemma2", attentionSoftCap: 50, logitSoftCap: 30 });
    await saveHuggingFace(join(dir, "model"), config, tinyWeights(config));
    const text = await readFile(join(dir, "model", "config.json"), "utf8");
    expect(text).toContain('"attn_logit_softcapping": 50.0,');
    expect(text).toContain('"final_logit_softcapping": 30.0,');
    expect(JSON.parse(text)).toMatchObject({ final_logit_softcapping: 30 });
  });

  it("writes nothing when a weight is missing, misshapen or unknown", async () => {
    const config = tinyConfig();
    const weights = tinyWeights(config);
    const save = (changed: Map<string, SavedTensor>) => saveHuggingFace(join(dir, "model"), config, changed);
    await expect(save(new Map([...weights].slice(1)))).rejects.toThrow(/embed_tokens\.weight is missing/);
    await expect(save(new Map([...weights, ["x", weights.get("model.norm.weight")!]]))).rejects.toThrow(
      /^x is/,
    );
    const flat = { shape: [16, 1], data: new Float32Array(16) };
    await expect(save(new Map([...weights, ["model.norm.weight", flat]]))).rejects.toThrow(/\[16, 1\]/);
    expect(await readdir(dir)).toEqual([]);
  });

  it.each(["F32", "BF16"] as const)("shards %s, and gives back the same model", async (dtype) => {
    const config = tinyConfig();
    const weights = tinyWeights(config);
    const max = 3000;
    await saveHuggingFace(join(dir, "one"), config, weights, undefined, dtype);
    await saveHuggingFace(join(dir, "many"), config, weights, undefined, dtype, max);
    const files = (await readdir(join(dir, "many"))).filter((name) => name.endsWith(".safetensors")).sort();
    expect(files.length).toBeGreaterThan(3);
    const five = (n: number) => String(n).padStart(5, "0");
    expect(files).toEqual(files.map((_, i) => `model-${five(i + 1)}-of-${five(files.length)}.safetensors`));

    const index = JSON.parse(await readFile(join(dir, "many", "model.safetensors.index.json"), "utf8"));
    expect(Object.keys(index.weight_map)).toEqual([...weights.keys()].sort());
    let total = 0;
    for (const file of files) {
      const shard = await openSafetensors(join(dir, "many", file));
      const names = shard.names();
      await shard.close();
      expect(names).toEqual(Object.keys(index.weight_map).filter((name) => index.weight_map[name] === file));
      const bytes = names.reduce((sum, name) => sum + weights.get(name)!.data.length * BYTES[dtype], 0);
      expect(bytes <= max || names.length === 1).toBe(true);
      total += bytes;
    }
    expect(index.metadata.total_size).toBe(total);

    const [one, many] = [await openModel(join(dir, "one")), await openModel(join(dir, "many"))];
    expect(many.config).toEqual(one.config);
    for (const name of weights.keys())
      expect(await many.weights.read(name)).toEqual(await one.weights.read(name));
    await one.close();
    await many.close();
  });

  it("leaves nothing behind when the disk is full in the middle of a shard", async () => {
    const config = tinyConfig();
    const full = (data: Float32Array) => {
      const pieces = function* () {
        yield data.subarray(0, 10);
        throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      };
      return { shape: [16], pieces };
    };
    const weights = new Map<string, SavedTensor>(tinyWeights(config));
    const norm = "model.norm.weight";
    const last = [...weights.keys()].sort().at(-1);
    expect(last).toBe(norm);
    weights.set(norm, full((weights.get(norm) as TensorData).data));
    const save = saveHuggingFace(join(dir, "model"), config, weights, undefined, "F32", 3000);
    await expect(save).rejects.toThrow(/the disk is full\. Nothing was changed/);
    expect(await readdir(dir)).toEqual([]);
  });
});

const BYTES = { F32: 4, BF16: 2 };

describe("savePeft", () => {
  it("saves an adapter that openPeftAdapter gives back", async () => {
    const name = "model.layers.0.self_attn.q_proj.lora_A.weight";
    const tensors = new Map([[name, { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]);
    const config = {
      r: 2,
      loraAlpha: 4,
      targetModules: ["q_proj"],
      modulesToSave: ["score"],
      baseModel: "tiny",
    };
    await savePeft(join(dir, "adapter"), { ...config, taskType: "SEQ_CLS" }, tensors);
    const adapter = await openPeftAdapter(join(dir, "adapter"));
    expect(adapter.config).toMatchObject({
      r: 2,
      lora_alpha: 4,
      target_modules: ["q_proj"],
      modules_to_save: ["score"],
      base_model_name_or_path: "tiny",
    });
    expect([...(await adapter.weights.read(name))]).toEqual([1, 2, 3, 4, 5, 6]);
    await adapter.weights.close();
  });
});
