import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelConfig } from "../config.js";
import { untrainedRouting } from "../experts.js";
import { JsonFields } from "../formats/json-fields.js";
import { huggingFaceConfig } from "../load/huggingface.js";
import { ARCHITECTURES } from "./index.js";
import { withoutEffect } from "./keys.js";

type Json = Record<string, unknown>;
/** config.json as transformers writes it, every key of it (scripts/reference/config_keys.py). */
const { configs } = JSON.parse(readFileSync("test/fixtures/config-keys.json", "utf8")) as { configs: Json[] };

const read = (json: Json) => huggingFaceConfig(new JsonFields(json, "config.json"));
const named = configs.map((json) => [String(json.model_type), json] as const);

const inert = (key: string, name: string): boolean =>
  key.startsWith("_") || withoutEffect(key, ARCHITECTURES.find((one) => one.name === name)!);

/** Keys that count only where another one switches them on, which it does not by default. */
const OFF: Record<string, readonly string[]> = {
  qwen2: ["use_sliding_window", "sliding_window", "max_window_layers"],
  qwen3: ["use_sliding_window", "sliding_window", "max_window_layers"],
  smollm3: ["use_sliding_window", "sliding_window"],
  // A list that is empty has no other value of its type here; one that is not is refused below.
  qwen3_moe: ["use_sliding_window", "sliding_window", "mlp_only_layers"],
};

/** What the message names in place of the key. */
function saidAs(key: string): string {
  if (key === "num_hidden_layers") return "layer_types|no_rope_layers";
  if (key === "architectures") return "the architecture is";
  return key.startsWith("rope_parameters.") ? "rotary scaling of the type" : key;
}

/** Another value of the same type. */
function changed(value: unknown): unknown {
  if (value === null) return 3;
  if (typeof value === "number") return value === 0 ? 1 : value * 2;
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") return `${value}x`;
  if (Array.isArray(value)) return value.map(changed);
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, changed(inner)]));
}

/** The configuration with one key changed, or what refuses it. */
function outcome(json: Json): { config?: object; refusal?: string } {
  try {
    return { config: read(json) };
  } catch (error) {
    return { refusal: (error as Error).message };
  }
}

describe.each(named)("config.json of %s", (name, json) => {
  it("as transformers writes it is read, with every key", () => {
    expect(read(json)).toMatchObject({ architecture: name });
  });

  const keys = Object.entries(json).flatMap(([key, value]) =>
    key === "rope_parameters" ? Object.keys(value as object).map((inner) => `${key}.${inner}`) : [key],
  );

  it.each(keys)(
    "%s, if it is another, changes the configuration, is refused by name or has no effect",
    (key) => {
      const [outer, inner] = key.split(".");
      const value = changed(inner ? (json[outer] as Json)[inner] : json[outer]);
      const other = { ...json, [outer]: inner ? { ...(json[outer] as Json), [inner]: value } : value };
      const { config, refusal } = outcome(other);
      if ((inert(outer, name) || OFF[name]?.includes(outer)) && outer !== "architectures")
        expect(config).toEqual(read(json));
      else if (refusal === undefined) expect(config).not.toEqual(read(json));
      else expect(refusal).toMatch(new RegExp(`${key}|${saidAs(key)}`));
    },
  );

  it("nothing unknown is passed over", () => {
    const value = fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.array(fc.integer()), fc.object());
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), value, fc.boolean(), (key, value, within) => {
        fc.pre(!(key in json) && !inert(key, name));
        const rope = json.rope_parameters as Json | undefined;
        fc.pre(!within || (rope !== undefined && !(key in rope)));
        const other = within
          ? { ...json, rope_parameters: { ...rope, [key]: value } }
          : { ...json, [key]: value };
        const { config, refusal } = outcome(other);
        if (config !== undefined) expect(config).not.toEqual(read(json));
        else expect(refusal).toContain(JSON.stringify(key.slice(0, 20)).slice(1, -1).slice(0, 10));
      }),
    );
  });
});

const llama = configs[0];

describe("keys of mixtures of experts", () => {
  const of = (name: string): Json => configs.find((json) => json.model_type === name) as Json;

  it.each(["qwen3_moe", "mixtral", "gpt_oss"])("%s keeps a loss of its router that it asks for", (name) => {
    const asked = { output_router_logits: true, router_aux_loss_coef: 0.02 };
    const config = read({ ...of(name), ...asked }) as ModelConfig;
    expect(config.experts?.auxLoss).toBe(0.02);
    const { write } = ARCHITECTURES.find((one) => one.name === name)!;
    expect(write(config)).toMatchObject(asked);
    const missing = [expect.stringContaining("router_aux_loss_coef 0.02")];
    expect(untrainedRouting(config, false)).toEqual(missing);
    expect(untrainedRouting(config, true)).toEqual([]);
    expect(untrainedRouting(read(of(name)) as ModelConfig, false)).toEqual([]);
  });

  it("Mixtral keeps noise on its router's input", () => {
    const config = read({ ...of("mixtral"), router_jitter_noise: 0.1 }) as ModelConfig;
    expect(ARCHITECTURES.find(({ name }) => name === "mixtral")!.write(config)).toMatchObject({
      router_jitter_noise: 0.1,
    });
    expect(untrainedRouting(config, true)).toEqual([expect.stringContaining("router_jitter_noise 0.1")]);
  });

  it.each<[string, string, Json, RegExp]>([
    [
      "layers with a plain MLP",
      "qwen3_moe",
      { mlp_only_layers: [1] },
      /"mlp_only_layers" is \[1\]; only \[\]/,
    ],
    ["every other layer", "qwen3_moe", { decoder_sparse_step: 2 }, /"decoder_sparse_step" is 2; only 1/],
    [
      "two numbers of experts",
      "qwen3_moe",
      { num_experts: 7 },
      /"num_experts" is 7, but "num_local_experts" is 128/,
    ],
    ["another gate", "gpt_oss", { hidden_act: "gelu" }, /"hidden_act" is "gelu"; expected "silu"/],
    ["no word on frequencies", "gpt_oss", { rope_parameters: undefined }, /"rope_parameters" is missing/],
    [
      "another quantisation",
      "gpt_oss",
      { quantization_config: { quant_method: "bitsandbytes" } },
      /the weights are quantised/,
    ],
    [
      "a key of MXFP4 that is not known",
      "gpt_oss",
      { quantization_config: { quant_method: "mxfp4", swizzled: true } },
      /"quantization_config.swizzled" is not a key/,
    ],
    ["MXFP4 of another model", "mixtral", { quantization_config: { quant_method: "mxfp4" } }, /quantised/],
  ])("%s is refused by name", (_, name, changes, message) => {
    const json = { ...of(name), ...changes };
    expect(() => read(JSON.parse(JSON.stringify(json)) as Json)).toThrow(message);
  });

  it("gpt-oss as it is published, packed as MXFP4, is read", () => {
    const quantization_config = { quant_method: "mxfp4", modules_to_not_convert: ["lm_head"] };
    const json = {
      ...of("gpt_oss"),
      quantization_config,
      experts_per_token: 4,
      initial_context_length: 4096,
    };
    expect(read(json)).toEqual(read(of("gpt_oss")));
  });
});

describe("keys that other models have, in a Llama", () => {
  it.each([
    "attention_multiplier",
    "no_rope_layers",
    "mup_enabled",
    "residual_multiplier",
    "num_experts",
    "layer_types",
    "sliding_window",
    "final_logit_softcapping",
    "use_qk_norm",
    "original_max_position_embeddings",
    "compression_config",
  ])("%s is refused by name", (key) => {
    expect(() => read({ ...llama, [key]: 2 })).toThrow(`"${key}" is not a key that is known for llama`);
  });

  it("several are named at once", () => {
    expect(() => read({ ...llama, alibi: true, mup_base: 2 })).toThrow(/"alibi", "mup_base" are not keys/);
  });

  it.each<[string, Json, RegExp]>([
    ["an inner key", { rope_parameters: { rope_type: "default", factor: 2 } }, /"rope_parameters.factor"/],
    [
      "an inner key of a scaling",
      { rope_parameters: { rope_type: "linear", factor: 2, attention_factor: 1.2 } },
      /"rope_parameters.attention_factor"/,
    ],
    [
      "a share that a Llama does not rotate",
      { partial_rotary_factor: 0.5 },
      /"partial_rotary_factor" is 0.5; only 1/,
    ],
    ["interleaved halves", { rope_interleaved: true }, /"rope_interleaved" is true; only false/],
    [
      "another base than beside it",
      { rope_theta: 5e5 },
      /"rope_parameters.rope_theta" is 10000, but "rope_theta" is 500000/,
    ],
    [
      "another scaling than beside it",
      { rope_scaling: { rope_type: "linear", factor: 2 } },
      /"rope_parameters" is "default", but "rope_scaling"/,
    ],
    [
      "two names of a type",
      { rope_parameters: { rope_type: "linear", type: "llama3", factor: 2 } },
      /"rope_type" is "linear", but "type" is "llama3"/,
    ],
    ["another model", { model_type: "granite" }, /"model_type" is "granite"; expected "llama"/],
    ["quantised weights", { quantization_config: { quant_method: "gptq" } }, /quantised/],
  ])("%s", (_, changes, message) => {
    expect(() => read({ ...llama, ...changes })).toThrow(message);
  });

  it("what says nothing, or what is off, is accepted", () => {
    const notes = { _attn_implementation: "sdpa", mup_base: null, rope_interleaved: false, temperature: 0.6 };
    expect(read({ ...llama, ...notes })).toEqual(read(llama));
  });
});

/** Keys of published files that no class of transformers 5.24 writes, each with what such a file has beside it. */
describe("keys of files on the hub", () => {
  it.each<[string, string, Json]>([
    [
      "SmolLM2",
      "llama",
      {
        is_llama_config: true,
        rope_interleaved: false,
        "transformers.js_config": { dtype: "q4" },
        rope_scaling: null,
      },
    ],
    ["Vicuna", "llama", { max_sequence_length: 2048, torch_dtype: "float16", pretraining_tp: 1 }],
    ["Unsloth's copies", "llama", { unsloth_fixed: true, unsloth_version: "2024.9", _name_or_path: "x" }],
    ["DeepSeek-R1-Distill-Qwen", "qwen2", { use_mrope: false, torch_dtype: "bfloat16" }],
    ["Gemma 2", "gemma2", { hidden_act: "gelu_pytorch_tanh", cache_implementation: "hybrid" }],
    [
      "Phi-3 and Phi-4-mini",
      "phi3",
      { auto_map: {}, attention_bias: false, full_attn_mod: 1, lm_head_bias: false },
    ],
    ["SmolLM3", "smollm3", { max_window_layers: 28, pretraining_tp: 2 }],
    ["GPT-NeoX-20B", "gpt_neox", { attention_probs_dropout_prob: 0, hidden_dropout_prob: 0 }],
    ["GPT-2 medium", "gpt2", { n_ctx: 1024, n_special: 0, predict_special_tokens: true, output_past: true }],
  ])("%s", (_, type, keys) => {
    const json = configs.find(({ model_type }) => model_type === type)!;
    expect(read({ ...json, ...keys })).toEqual(read(json));
  });
});
