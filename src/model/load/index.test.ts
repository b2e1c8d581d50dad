import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyConfig, tinyWeights } from "../../../test/tiny-model.js";
import { trainByteLevelBpe } from "../../text/bpe-trainer.js";
import { tokenizerFromJson } from "../../text/tokenizer.js";
import { JsonFields } from "../formats/json-fields.js";
import { saveHuggingFace } from "../save/huggingface.js";
import { expectedWeights } from "../weight-names.js";
import { huggingFaceConfig } from "./huggingface.js";
import { openModel, openPeftAdapter } from "./index.js";

const fixtures = fileURLToPath(new URL("../../../test/fixtures/", import.meta.url));
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-open-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function json(path: string) {
  return JSON.parse(await readFile(join(fixtures, path), "utf8"));
}

/** The fixtures' checksum: the sum of sin(0.7 i + 1) x[i]. */
function probe(data: Float32Array): number {
  return data.reduce((sum, value, i) => sum + Math.sin(0.7 * i + 1) * value, 0);
}

const saved = ["llama-tied", "llama-untied", "llama-bias", "llama3-rope", "mistral", "qwen2"];

describe("openModel", () => {
  it.each(saved)("reads %s as transformers saved it", async (name) => {
    const model = await openModel(join(fixtures, "models", name));
    const { weights } = await json(`models/${name}/expected.json`);
    expect(model.weights.names().sort()).toEqual(Object.keys(weights).sort());
    for (const [tensor, expected] of Object.entries<{ shape: number[]; probe: number }>(weights)) {
      expect(model.weights.shape(tensor)).toEqual(expected.shape);
      expect(probe(await model.weights.read(tensor))).toBeCloseTo(expected.probe, 4);
    }
    await model.close();
  });

  it.each(saved)("reads the same configuration from %s in the spelling of transformers 4", async (name) => {
    const path = `models/${name}/config.legacy.json`;
    const generation = new JsonFields(await json(`models/${name}/generation_config.json`), "generation");
    const legacy = huggingFaceConfig(new JsonFields(await json(path), path), generation);
    const model = await openModel(join(fixtures, "models", name));
    await model.close();
    expect(legacy).toEqual(model.config);
  });

  it("reads what distinguishes the families", async () => {
    const config = async (name: string) => {
      const model = await openModel(join(fixtures, "models", name));
      await model.close();
      return model.config;
    };
    expect(await config("llama3-rope")).toMatchObject({
      ropeScaling: {
        kind: "llama3",
        factor: 8,
        lowFreqFactor: 1,
        highFreqFactor: 4,
        originalMaxPositions: 32,
      },
    });
    expect(await config("mistral")).toMatchObject({
      slidingWindow: 6,
      headDim: 16,
      tieWordEmbeddings: false,
    });
    expect(await config("qwen2")).toMatchObject({ qkvBias: true, outputBias: false, ropeTheta: 1e6 });
    expect(await config("llama-bias")).toMatchObject({ qkvBias: true, outputBias: true, mlpBias: true });
  });

  it("suggests the nearest name for one that is missing", async () => {
    await expect(openModel(join(fixtures, "models", "lama-tied"))).rejects.toMatchObject({
      message: expect.stringContaining("no model at"),
      hint: expect.stringContaining("llama-tied"),
    });
  });

  it("proposes only models for one that is missing", async () => {
    await writeFile(join(dir, "hose.txt"), "");
    await expect(openModel(join(dir, "hose.tx"))).rejects.toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^Give a \.gguf file/) }),
    );
    await expect(openModel("/nope")).rejects.toThrow(
      expect.objectContaining({ hint: expect.not.stringContaining("home") }),
    );
  });

  it.each([
    ["rows.jsonl", "By its name it holds rows of data: give it as --data. As the model, give a .gguf file"],
    ["weights.bin", "Give a .gguf file, a Hugging Face folder or hf:owner/name."],
  ])("says that %s is not a model", async (name, hint) => {
    await writeFile(join(dir, name), '{"text": "a"}\n');
    await expect(openModel(join(dir, name))).rejects.toThrow(
      expect.objectContaining({
        message: `${join(dir, name)} is not a model: it is not a GGUF file.`,
        hint: expect.stringContaining(hint),
      }),
    );
  });

  it("asks for the folder of a model where one of its files is given", async () => {
    const folder = join(dir, "parted");
    await mkdir(folder);
    await writeFile(join(folder, "config.json"), '{"model_type": "foo"}');
    await expect(openModel(join(folder, "config.json"))).rejects.toThrow(
      expect.objectContaining({ hint: `Give the whole folder of the model: ${folder}.` }),
    );
    await expect(openModel(folder)).rejects.toThrow(
      'the architecture is not named ("architectures" is missing; "model_type" is "foo"), which is not supported',
    );
  });

  it("says that an adapter is not a model", async () => {
    await expect(openModel(join(fixtures, "adapters", "lora-a"))).rejects.toThrow(/PEFT adapter/);
  });

  it("refuses malformed ids of the hub before any network is touched", async () => {
    await expect(openModel("hf:../../etc")).rejects.toThrow(/not a model on the hub/);
  });

  it.each([
    ["architectures", ["FalconForCausalLM"], /FalconForCausalLM/],
    ["rope_scaling", { type: "dynamic", factor: 2 }, /dynamic/],
    ["hidden_act", "relu", /relu/],
    ["hidden_size", "32", /"hidden_size" is "32"; expected a number/],
    ["quantization_config", { bits: 4 }, /quantised/],
  ])("names an unsupported %s", async (key, value, message) => {
    const { rope_parameters: _, ...config } = await json("models/llama-tied/config.json");
    expect(() => huggingFaceConfig(new JsonFields({ ...config, [key]: value }, "config.json"))).toThrow(
      message,
    );
  });

  it("names a weight that is missing or misshapen", async () => {
    const from = join(fixtures, "models", "llama-tied");
    await copyFile(join(from, "model.safetensors"), join(dir, "model.safetensors"));
    const config = await json("models/llama-tied/config.json");
    await writeFile(join(dir, "config.json"), JSON.stringify({ ...config, num_hidden_layers: 3 }));
    await expect(openModel(dir)).rejects.toThrow(/model\.layers\.2\.input_layernorm\.weight is missing/);
    await writeFile(join(dir, "config.json"), JSON.stringify({ ...config, intermediate_size: 65 }));
    await expect(openModel(dir)).rejects.toThrow(/gate_proj\.weight has the shape \[64, 32\]/);
    await writeFile(join(dir, "config.json"), JSON.stringify({ ...config, num_hidden_layers: 1e9 }));
    await expect(openModel(dir)).rejects.toThrow(/layers/);
  });

  it("names both sizes when the tokenizer belongs to another model", async () => {
    const specialTokens = ["<pad>", "<s>", "</s>"];
    const tokenizer = tokenizerFromJson(trainByteLevelBpe(["ab ab"], { vocabSize: 260, specialTokens }), {});
    const config = tinyConfig({ vocabSize: 100 });
    const model = join(dir, "mismatch");
    await saveHuggingFace(model, config, tinyWeights(config), tokenizer);
    await expect(openModel(model)).rejects.toThrow(/vocabulary 260.*only 100 rows/);
  });
});

describe("a tokenizer with more ids than the model has rows", () => {
  it("is refused only for texts that hold one of the others", async () => {
    const specialTokens = ["<pad>", "<s>", "</s>"];
    const tokenizer = tokenizerFromJson(
      trainByteLevelBpe(["ab ab ab"], { vocabSize: 260, specialTokens }),
      {},
    );
    const config = tinyConfig({ vocabSize: 259, eosIds: [] });
    const model = join(dir, "one-above");
    await saveHuggingFace(model, config, tinyWeights(config), tokenizer);
    const opened = await openModel(model);
    expect(opened.tokenizer?.encode("ba")).toEqual(tokenizer.encode("ba"));
    expect(() => opened.tokenizer?.encode("ab")).toThrow(/"ab" \(259\), for which the model has no row/);
    await opened.close();
  });
});

describe("openPeftAdapter", () => {
  it.each(["lora-a", "lora-b", "lora-rslora"])("reads %s as PEFT saved it", async (name) => {
    const adapter = await openPeftAdapter(join(fixtures, "adapters", name));
    const expected = await json(`adapters/${name}/adapter_config.json`);
    expect(adapter.config).toEqual(expected);
    const down = "model.layers.1.mlp.down_proj";
    expect(adapter.weights.shape(`${down}.lora_A.weight`)).toEqual([expected.r, 64]);
    expect((await adapter.weights.read(`${down}.lora_B.weight`)).length).toBe(32 * expected.r);
    await adapter.weights.close();
  });
});

describe("expectedWeights", () => {
  it("lists a head only when it is not tied, and biases only where there are some", () => {
    const names = (changes: object) => [...expectedWeights(tinyConfig(changes)).keys()];
    expect(names({ tieWordEmbeddings: true })).not.toContain("lm_head.weight");
    expect(names({})).toContain("lm_head.weight");
    expect(names({ qkvBias: true }).filter((name) => name.endsWith(".bias"))).toHaveLength(6);
  });
});
