import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { JsonFields } from "../formats/json-fields.js";
import { huggingFaceConfig } from "../load/huggingface.js";

const models = path.resolve("test/fixtures/models");

/** The configuration of a fixture with some fields changed; null removes one. */
function config(name: string, changes: Record<string, unknown> = {}) {
  const json = JSON.parse(readFileSync(path.join(models, name, "config.json"), "utf8"));
  return huggingFaceConfig(new JsonFields({ ...json, ...changes }, "config.json"));
}

describe("what distinguishes the architectures", () => {
  it.each([
    ["qwen3", { queryKeyNorm: "head", headDim: 32, slidingWindow: 6, windowedLayers: [false, true] }],
    ["gemma", { unitOffsetNorm: true, embeddingScale: Math.sqrt(32), activation: "gelu_tanh" }],
    [
      "gemma2",
      {
        blockNorms: "sandwich",
        attentionScale: 24 ** -0.5,
        attentionSoftCap: 2,
        logitSoftCap: 3,
        windowedLayers: [true, false],
      },
    ],
    [
      "gemma3",
      {
        queryKeyNorm: "head",
        localRopeTheta: 1e4,
        ropeTheta: 1e6,
        ropeScaling: { kind: "linear", factor: 8 },
        windowedLayers: [true, true, false],
      },
    ],
    ["phi3", { fusedQkv: true, fusedGateUp: true, rotaryDim: 12, slidingWindow: 7 }],
    ["olmo2", { blockNorms: "post", queryKeyNorm: "width" }],
    ["gpt-neox", { parallelResidual: true, norm: "layer", rotaryDim: 4, plainMlp: true, activation: "gelu" }],
    ["gpt2", { learnedPositions: true, activation: "gelu_tanh", tieWordEmbeddings: true }],
    ["gpt2-reward", { head: "score" }],
  ])("%s", (name, expected) => {
    expect(config(name)).toMatchObject(expected);
  });

  it("fields that older files leave out have transformers' defaults", () => {
    const gemma2 = config("gemma2", { layer_types: undefined, num_hidden_layers: 4 });
    expect(gemma2.windowedLayers).toEqual([true, false, true, false]);
    expect(config("gemma2", { attn_logit_softcapping: null }).attentionSoftCap).toBeUndefined();
    const json = JSON.parse(readFileSync(path.join(models, "gemma2", "config.json"), "utf8"));
    delete json.attn_logit_softcapping;
    delete json.final_logit_softcapping;
    expect(huggingFaceConfig(new JsonFields(json, "config.json"))).toMatchObject({
      attentionSoftCap: 50,
      logitSoftCap: 30,
    });
    const gemma3 = config("gemma3", { layer_types: undefined, num_hidden_layers: 7 });
    expect(gemma3.windowedLayers).toEqual([true, true, true, true, true, false, true]);
    expect(config("gpt2", { n_inner: null }).intermediateSize).toBe(4 * 32);
    expect(config("mistral", { sliding_window: null }).slidingWindow).toBeUndefined();
  });
});

describe("Gemma 3 that sees images", () => {
  /** What the hub's file of 4B says: keys at their class's defaults are left out. */
  const published = {
    architectures: ["Gemma3ForConditionalGeneration"],
    ...{
      boi_token_index: 255999,
      eoi_token_index: 256000,
      image_token_index: 262144,
      mm_tokens_per_image: 256,
    },
    ...{ eos_token_id: [1, 106], initializer_range: 0.02, model_type: "gemma3", torch_dtype: "bfloat16" },
    text_config: {
      ...{ hidden_size: 2560, intermediate_size: 10240, model_type: "gemma3_text", num_hidden_layers: 34 },
      ...{ rope_scaling: { factor: 8, rope_type: "linear" }, sliding_window: 1024 },
    },
    vision_config: { hidden_size: 1152, model_type: "siglip_vision_model" },
  };
  const read = (changes: object = {}, text: object = {}) =>
    huggingFaceConfig(
      new JsonFields(
        { ...published, text_config: { ...published.text_config, ...text }, ...changes },
        "config.json",
      ),
    );

  it("is its text model, with transformers' values of what is left out", () => {
    expect(read()).toMatchObject({
      ...{
        architecture: "gemma3_text",
        vocabSize: 262208,
        hiddenSize: 2560,
        layers: 34,
        heads: 8,
        kvHeads: 4,
      },
      ...{ headDim: 256, maxPositions: 131072, slidingWindow: 1024, ropeTheta: 1e6, localRopeTheta: 1e4 },
      ...{ ropeScaling: { kind: "linear", factor: 8 }, eosIds: [1, 106], bosId: 2, tieWordEmbeddings: true },
    });
    expect(read().windowedLayers?.slice(0, 7)).toEqual([true, true, true, true, true, false, true]);
  });

  it.each<[string, object, object, RegExp]>([
    [
      "an unknown key of the whole",
      { audio_config: {} },
      {},
      /"audio_config" is not a key that is known for gemma3/,
    ],
    ["an unknown key of the text model", {}, { moe: 2 }, /"moe" is not a key that is known for gemma3_text/],
    [
      "a head that is and is not tied",
      { tie_word_embeddings: false },
      {},
      /"text_config.tie_word_embeddings" is true/,
    ],
    ["another model in its place", {}, { model_type: "llama" }, /"model_type" is "llama"/],
  ])("%s is refused by name", (_, changes, text, message) => {
    expect(() => read(changes, text)).toThrow(message);
  });
});

describe("what is almost supported is refused by name", () => {
  it.each<[string, string, Record<string, unknown>, RegExp]>([
    [
      "images in a classifier",
      "gemma3",
      { architectures: ["Gemma3ForSequenceClassification"] },
      /images.*Gemma3TextForSequenceClassification/,
    ],
    [
      "a class with another head",
      "llama-tied",
      { architectures: ["LlamaForTokenClassification"] },
      /LlamaForToken/,
    ],
    [
      "longrope without factors",
      "phi3",
      { rope_parameters: null, rope_scaling: { type: "su" } },
      /"short_factor" is missing/,
    ],
    ["another scaling", "qwen3", { rope_parameters: { rope_type: "dynamic", factor: 4 } }, /"dynamic"/],
    [
      "scaling of local layers",
      "gemma3",
      { rope_parameters: { sliding_attention: { rope_type: "linear", factor: 2 } } },
      /"rope_parameters".*"default" in layers with a window/,
    ],
    ["attention to both sides", "gemma2", { use_bidirectional_attention: true }, /causal/],
    ["an unknown activation", "gpt2", { activation_function: "relu" }, /"activation_function" is "relu"/],
    [
      "an unknown activation of Gemma",
      "gemma2",
      { hidden_activation: "mish" },
      /"hidden_activation" is "mish"/,
    ],
    ["scales by layer", "gpt2", { scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx/],
    ["cross-attention", "gpt2", { add_cross_attention: true }, /add_cross_attention/],
    ["unknown layer types", "gemma2", { layer_types: ["full_attention", "mamba"] }, /"layer_types"/],
    ["two labels", "llama-reward", { id2label: { 0: "bad", 1: "good" } }, /2 labels; a reward model has one/],
    ["labels left out, which are two", "llama-reward", { id2label: null }, /2 labels/],
  ])("%s", (_, name, changes, message) => {
    expect(() => config(name, changes)).toThrow(message);
  });

  it("a hostile number of layers asks for no memory", () => {
    expect(config("gemma2", { layer_types: null, num_hidden_layers: 1e12 }).layers).toBe(1e12);
  });
});
