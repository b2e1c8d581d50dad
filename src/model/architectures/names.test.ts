import { describe, expect, it } from "vitest";
import { tinyConfig, tinyWeights } from "../../../test/tiny-model.js";
import type { ModelConfig } from "../config.js";
import type { OpenWeights } from "../formats/weights.js";
import { checkWeights } from "../load/checks.js";
import { leftOutTensors } from "../load/unused-tensors.js";
import { ourWeights } from "./names.js";

/** A model's file with other names. */
function renamed(config: ModelConfig, rename: (name: string) => string): OpenWeights {
  const tensors = new Map([...tinyWeights(config)].map(([name, tensor]) => [rename(name), tensor]));
  return {
    names: () => [...tensors.keys()],
    has: (name) => tensors.has(name),
    shape: (name) => [...(tensors.get(name)?.shape ?? [])],
    dtype: () => "F32",
    read: async (name) => tensors.get(name)?.data as Float32Array,
    close: async () => {},
  };
}

/** Kinds of files in public reports whose weights transformers leaves as they were drawn, with a warning or none. */
describe("names of weights in files", () => {
  const tied = tinyConfig({ tieWordEmbeddings: true });

  it.each<[string, ModelConfig, (name: string) => string]>([
    [
      "the head alone of a tied pair (safetensors' save_model; transformers' issues 34759, 38870)",
      tied,
      (name) => (name === "model.embed_tokens.weight" ? "lm_head.weight" : name),
    ],
    ["as torch.compile has them (pytorch's issue 101107)", tied, (name) => `_orig_mod.${name}`],
    ["as data-parallel wrappers have them", tinyConfig(), (name) => `module.${name}`],
  ])("%s are read", async (_, config, rename) => {
    const file = renamed(config, rename);
    const weights = ourWeights(config, file, "here");
    checkWeights(config, weights, "here");
    expect(await leftOutTensors(config, file, "here")).toBeUndefined();
    for (const [name, { data }] of tinyWeights(config)) expect(await weights.read(name), name).toEqual(data);
  });

  it("a head of its own does not stand in for an embedding", () => {
    const file = renamed(tinyConfig(), (name) => name.replace("model.embed_tokens", "model.other"));
    const weights = ourWeights(tinyConfig(), file, "here");
    expect(() => checkWeights(tinyConfig(), weights, "here")).toThrow(/model.embed_tokens.weight is missing/);
  });
});
