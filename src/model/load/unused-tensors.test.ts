import { describe, expect, it } from "vitest";
import { tinyConfig, tinyWeights } from "../../../test/tiny-model.js";
import type { ModelConfig } from "../config.js";
import type { WeightSource } from "../formats/weights.js";
import { leftOutTensors } from "./unused-tensors.js";

/** A folder's tensors: those of the model, and others. */
function files(config: ModelConfig, others: Record<string, number[] | Float32Array>): WeightSource {
  const tensors = new Map([...tinyWeights(config)].map(([name, { data }]) => [name, data] as const));
  for (const [name, values] of Object.entries(others)) tensors.set(name, Float32Array.from(values));
  return {
    names: () => [...tensors.keys()],
    has: (name) => tensors.has(name),
    shape: (name) => [tensors.get(name)!.length],
    dtype: () => "F32",
    read: async (name) => tensors.get(name)!,
  };
}

const tied = tinyConfig({ tieWordEmbeddings: true });
const embedding = tinyWeights(tied).get("model.embed_tokens.weight")!.data;
const check = (config: ModelConfig, others: Record<string, number[] | Float32Array>) =>
  leftOutTensors(config, files(config, others), "folder");

describe("tensors that a model has no place for", () => {
  it.each<[string, ModelConfig, Record<string, number[] | Float32Array>]>([
    ["none", tinyConfig(), {}],
    ["rotary frequencies", tinyConfig(), { "model.layers.0.self_attn.rotary_emb.inv_freq": [1, 2] }],
    ["a mask", tinyConfig(), { "transformer.h.0.attn.bias": [1] }],
    ["a tied head that is the embedding", tied, { "lm_head.weight": embedding }],
    ["the language model's head in a reward model", tinyConfig({ head: "score" }), { "lm_head.weight": [1] }],
  ])("%s: nothing is left out", async (_, config, others) => {
    expect(await check(config, others)).toBeUndefined();
  });

  it("a value head is left out by name", async () => {
    expect(await check(tinyConfig(), { "v_head.summary.weight": [1] })).toMatch(/^v_head.summary.weight/);
  });

  it.each<[string, ModelConfig, Record<string, number[] | Float32Array>, RegExp]>([
    [
      "a bias",
      tinyConfig(),
      { "model.layers.0.self_attn.q_proj.bias": [1] },
      /q_proj.bias in a model of the type llama/,
    ],
    [
      "a further layer",
      tinyConfig(),
      { "model.layers.2.a": [1], "model.layers.2.b": [1] },
      /layers.2.a .* for 1 more/,
    ],
    [
      "a tied head that is not the embedding",
      tied,
      { "lm_head.weight": embedding.map((x) => x + 1) },
      /lm_head.weight/,
    ],
    ["a tower of a model without one", tinyConfig(), { "vision_tower.a": [1] }, /vision_tower.a/],
  ])("%s is refused", async (_, config, others, message) => {
    await expect(check(config, others)).rejects.toThrow(message);
  });
});
