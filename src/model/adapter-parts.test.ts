import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { adapterFolder, loadModel, readFixture } from "../../test/fixtures.js";
import { PlumbError } from "../base/errors.js";
import { RandomStream } from "../base/random.js";
import { mergeAdapter } from "../open/open-network.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { beyondLora } from "./adapt-base.js";
import { adapterModules } from "./adapter-modules.js";
import { readAdapterParts } from "./adapter-parts.js";
import { readAdapter } from "./stack-adapters.js";

const runtime = new OrtRuntime({ threads: 1 });
const { kinds } = readFixture<{ kinds: Record<string, { base: string }> }>("adapters/kinds.json");
const FILE = "adapter_model.safetensors";
const scratch = mkdtempSync(path.join(tmpdir(), "plumb-parts-"));
let copies = 0;

/** A copy of a fixture's folder, whose configuration is changed, and whose tensors get other names of equal length. */
function changed(
  kind: string,
  config: object,
  renamed: Record<string, string> = {},
  folder = "kinds",
): string {
  const dir = path.join(scratch, String(copies++));
  cpSync(adapterFolder(`${folder}/${kind}`), dir, { recursive: true });
  const json = path.join(dir, "adapter_config.json");
  writeFileSync(json, JSON.stringify({ ...JSON.parse(readFileSync(json, "utf8")), ...config }));
  let bytes = readFileSync(path.join(dir, FILE)).toString("latin1");
  for (const [from, to] of Object.entries(renamed)) {
    expect(bytes).toContain(from);
    bytes = bytes.replace(from, to);
  }
  writeFileSync(path.join(dir, FILE), Buffer.from(bytes, "latin1"));
  return dir;
}
const parts = async (dir: string, base = "llama-tied") =>
  readAdapterParts(dir, (await loadModel(runtime, base)).config);

describe("an adapter's tensors", () => {
  it.each([
    [
      "a module that the model lacks",
      "paths",
      {},
      { "layers.0.self_attn.q_proj.lora_A": "layers.7.self_attn.q_proj.lora_A" },
      /layers\.7/,
    ],
    [
      "a kind of tensor that is not known",
      "paths",
      {},
      { "q_proj.lora_A.weight": "q_proj.lora_C.weight" },
      /lora_C/,
    ],
    [
      "a module that the configuration leaves out",
      "layers",
      { layers_to_transform: [0] },
      {},
      /lacks model\.layers\.0|adapts model\.layers\.1/,
    ],
    [
      "excluded modules",
      "paths",
      { exclude_modules: ["down_proj"] },
      {},
      /adapts model\.layers\.1\.mlp\.down_proj/,
    ],
    [
      "a module without its tensors",
      "paths",
      { target_modules: ["q_proj", "down_proj"] },
      {},
      /lacks model\.layers/,
    ],
    ["no module of this model", "paths", { target_modules: ["c_attn"] }, {}, /adapts|names no linear layer/],
    ["another rank", "paths", { rank_pattern: { q_proj: 5 } }, {}, /q_proj.*need \[5, 32\]/],
    ["lengths without DoRA", "dora", { use_dora: false }, {}, /nothing uses.*lora_magnitude_vector/],
    ["DoRA without lengths", "paths", { use_dora: true }, {}, /lacks.*lora_magnitude_vector/],
    [
      "a saved module that is not there",
      "paths",
      { modules_to_save: ["embed_tokens"] },
      {},
      /lacks model\.embed_tokens\.weight/,
    ],
    ["a saved module that the model lacks", "paths", { modules_to_save: ["vision"] }, {}, /"vision"/],
    ["tokens without rows", "paths", { trainable_token_indices: [1] }, {}, /lacks.*trainable_tokens_delta/],
    [
      "rows without tokens",
      "tokens",
      { trainable_token_indices: null },
      {},
      /trainable_tokens_delta is \[3, 32\]/,
    ],
    ["a token twice", "tokens", { trainable_token_indices: [9, 9, 40] }, {}, /twice/],
    ["a token beyond the rows", "tokens", { trainable_token_indices: [9, 5, 4000] }, {}, /4000/],
  ])("%s: refused by name", async (_, kind, config, renamed, message) => {
    await expect(parts(changed(kind, config, renamed))).rejects.toThrow(message);
  });

  it("a target that fits no module is named in a warning", async () => {
    const { warnings } = await parts(changed("layers", { target_modules: ["q_proj", "v_proj", "c_attn"] }));
    expect(warnings.join()).toMatch(/"c_attn"/);
  });

  it("damaged files are refused, whatever the damage", async () => {
    const random = new RandomStream(3, "damage");
    for (let i = 0; i < 60; i++) {
      const dir = changed("tokens", {});
      const file = path.join(dir, random.int(2) === 0 ? FILE : "adapter_config.json");
      const bytes = readFileSync(file);
      for (let n = 0; n < 4; n++) bytes[random.int(Math.min(bytes.length, 900))] = random.int(256);
      writeFileSync(file, bytes);
      try {
        await parts(dir);
      } catch (error) {
        if (!(error instanceof PlumbError)) throw error;
      }
    }
  });
});

describe("training on an adapter", () => {
  it.each([
    "expression",
    "layers",
    "patterns-rslora",
    "phi3-patterns",
    "dora",
    "tokens",
    "bias-all",
    "lora-bias",
    "reward",
  ])("%s: low-rank updates go into the adapter that is saved, all else is refused by name", async (kind) => {
    const { config } = await loadModel(runtime, kinds[kind].base);
    const dir = adapterFolder(`kinds/${kind}`);
    const beyond = beyondLora(await readAdapterParts(dir, config));
    const stacked = readAdapter(dir, config);
    if (["expression", "layers", "patterns-rslora"].includes(kind)) {
      expect(beyond).toEqual([]);
      expect((await stacked).tensors.size).toBeGreaterThan(0);
    } else await expect(stacked).rejects.toThrow(/so no adapter can be trained on it.*/);
  });

  it("a reward model's head is not lost when its adapter is folded in", async () => {
    const { config, weights } = await loadModel(runtime, "llama-tied");
    await expect(mergeAdapter(runtime, { config, weights }, adapterFolder("kinds/reward"))).rejects.toThrow(
      /head would be lost/,
    );
  });
});

describe("an adapter of a class with images", () => {
  const TEXT = "base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight";

  it("is read over the text model; what belongs to the vision tower is left out by a warning", async () => {
    const { lowRank, warnings } = await parts(adapterFolder("kinds/images"), "gemma3-images");
    const modules = [...lowRank.keys()].map((name) => name.replace(/\d+/, "*"));
    expect([...new Set(modules)]).toEqual([
      "model.layers.*.self_attn.q_proj",
      "model.layers.*.self_attn.v_proj",
    ]);
    expect(warnings).toContainEqual(expect.stringMatching(/\d+ tensors of the vision tower are left out/));
    const alone = await parts(adapterFolder("kinds/images-text"), "gemma3-images");
    expect(alone.warnings.filter((one) => /target_modules/.test(one))).toEqual([]);
  });

  it("is refused by the name of a tensor that is of neither", async () => {
    const stray = TEXT.replace("language_model", "languages_mode");
    await expect(parts(changed("images", {}, { [TEXT]: stray }), "gemma3-images")).rejects.toThrow(
      /languages_mode.* belongs to nothing/,
    );
  });

  it("has the paths of its version's names", async () => {
    const { config } = await loadModel(runtime, "gemma3-images");
    const paths = (tensor?: string) => {
      const all = adapterModules(config, tensor === undefined ? [] : [tensor]);
      return ["model.layers.0.mlp.up_proj", "model.embed_tokens", "lm_head"].map(
        (name) => all.find((one) => one.name === name)?.path,
      );
    };
    expect(paths()).toEqual(["model.layers.0.mlp.up_proj", "model.embed_tokens", "lm_head"]);
    const now = ["model.language_model.layers.0.mlp.up_proj", "model.language_model.embed_tokens", "lm_head"];
    expect(paths("model.language_model.layers.1.self_attn.q_proj.lora_A.weight")).toEqual(now);
    const before = ["language_model.model.layers.0.mlp.up_proj", "language_model.model.embed_tokens"];
    expect(paths("language_model.model.layers.1.self_attn.q_proj.lora_A.weight")).toEqual([
      ...before,
      "language_model.lm_head",
    ]);
  });
});

describe("an adapter of experts", () => {
  const BOTH = ["mlp.experts.down_proj", "mlp.experts.gate_up_proj"];
  const named = (...target_parameters: string[]) => ({ target_parameters });
  it.each<[string, string, string, object, Record<string, string>, RegExp]>([
    [
      "a parameter that is nothing here",
      "gpt-oss",
      "gpt-oss",
      named(...BOTH, "gate_up_proj_bias"),
      {},
      /"gate_up_proj_bias", which/,
    ],
    [
      "a parameter whose tensors are not there",
      "mixtral-router",
      "mixtral",
      named("mlp.gate.weight", ...BOTH),
      {},
      /lacks model\.layers\.0\.mlp\.experts\.gate_up_proj\.lora_A|belongs|needs?|need/,
    ],
    [
      "a parameter that the configuration does not name",
      "qwen3-moe",
      "qwen3-moe",
      named(BOTH[1]),
      {},
      /belongs to nothing|need \[/,
    ],
    [
      "no parameter where the file has some",
      "mixtral",
      "mixtral",
      { target_parameters: null },
      {},
      /belongs to nothing/,
    ],
    ["another rank", "mixtral", "mixtral", { r: 3 }, {}, /need \[12, 32\]|need \[3, 32\]/],
    [
      "DoRA",
      "mixtral",
      "mixtral",
      { use_dora: true },
      {},
      /"use_dora" is true, and the adapter has layers of experts/,
    ],
    ["OLoRA", "mixtral", "mixtral", { init_lora_weights: "olora" }, {}, /"init_lora_weights" is "olora"/],
    [
      "an expert that the model lacks",
      "single-mixtral",
      "mixtral",
      {},
      { "experts.3.w1.lora_A": "experts.9.w1.lora_A" },
      /experts\.9\.w1/,
    ],
    [
      "a module of an expert that is not named",
      "single-mixtral",
      "mixtral",
      { target_modules: ["q_proj", "v_proj", "w1", "w2"] },
      {},
      /adapts model\.layers\.0\.block_sparse_moe\.experts\.0\.w3/,
    ],
    [
      "a layer that is left out",
      "single-mixtral",
      "mixtral",
      { layers_to_transform: [1] },
      {},
      /adapts model\.layers\.0/,
    ],
  ])("with %s is refused by name", async (_, kind, base, config, renamed, message) => {
    const dir = changed(kind, config, renamed, "experts");
    await expect(parts(dir, base)).rejects.toThrow(message);
    await expect(parts(dir, base)).rejects.toBeInstanceOf(PlumbError);
  });

  it("target_parameters of a model that stores weights transposed are refused", async () => {
    const dir = changed("gpt2-embedding", named("attn.c_proj.weight"));
    await expect(parts(dir, "gpt2")).rejects.toThrow(/"attn\.c_proj\.weight", which is not a weight/);
  });

  it("saved by a peft that had inputs and outputs the other way round is refused where both are equal", async () => {
    const { config } = await loadModel(runtime, "mixtral");
    const square = { ...config, hiddenSize: 12, experts: { ...config.experts, width: 12 } } as typeof config;
    const dir = changed(
      "mixtral-router",
      { ...named("experts.down_proj"), peft_version: "0.18.1" },
      {},
      "experts",
    );
    await expect(readAdapterParts(dir, square)).rejects.toThrow(/peft_version|mlp\.gate/);
  });

  it("null as target_modules means none, beside target_parameters only", async () => {
    const none = { target_modules: null };
    const { lowRank } = await parts(changed("mixtral-router", none, {}, "experts"), "mixtral");
    expect([...lowRank.keys()]).toContain("model.layers.1.mlp.experts.down_proj");
    await expect(parts(changed("paths", none))).rejects.toThrow(/"target_modules" is null/);
  });
});
