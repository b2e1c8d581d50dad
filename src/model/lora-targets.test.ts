import { describe, expect, it } from "vitest";
import { loadModel } from "../../test/fixtures.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { loraTargets, peftTargets } from "./lora-targets.js";
import { blockLinears, LINEAR_NAMES } from "./weight-names.js";

const runtime = new OrtRuntime({ threads: 1 });
const configOf = async (name: string) => (await loadModel(runtime, name)).config;

describe("loraTargets", () => {
  it.each([
    ["llama-tied", LINEAR_NAMES, [...LINEAR_NAMES]],
    ["phi3", LINEAR_NAMES, ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]],
    ["phi3", ["gate_up_proj", "k_proj", "q_proj", "v_proj"], ["qkv_proj", "gate_up_proj"]],
    ["gpt2", LINEAR_NAMES, ["qkv_proj", "o_proj", "up_proj", "down_proj"]],
  ] as const)("%s: %j", async (name, targets, layers) => {
    expect(loraTargets(await configOf(name), targets)).toEqual(layers);
  });

  it("a part of a joined layer, or a layer that is not there, is an error that says what to name", async () => {
    const [phi3, llama] = [await configOf("phi3"), await configOf("llama-tied")];
    expect(() => loraTargets(phi3, ["q_proj", "v_proj"])).toThrow(/LoRA on q_proj, v_proj.*in one layer/);
    expect(() => loraTargets(llama, ["qkv_proj"])).toThrow(/no such layer/);
  });
});

describe("PEFT's target_modules", () => {
  it.each([
    ["qwen3", [...LINEAR_NAMES]],
    ["phi3", ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]],
    ["gpt-neox", ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]],
    ["gpt2", ["c_attn", "attn.c_proj", "c_fc", "mlp.c_proj"]],
  ])("%s", async (name, targets) => {
    const config = await configOf(name);
    const layers = blockLinears(config).map(({ name }) => name);
    expect(peftTargets(config, layers)).toEqual(targets);
  });
});
