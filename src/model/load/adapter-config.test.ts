import { describe, expect, it } from "vitest";
import { readFixture } from "../../../test/fixtures.js";
import { PlumbError } from "../../base/errors.js";
import { RandomStream } from "../../base/random.js";
import { JsonFields } from "../formats/json-fields.js";
import { ADAPTER_KEYS, adapterConfig } from "./adapter-config.js";
import { ranksOf, targetsOf } from "./module-patterns.js";

/** What LoraConfig().to_dict() has, by peft (scripts/reference/make_adapters.py). */
const { keys } = readFixture<{ keys: string[] }>("adapters/kinds.json");
const plain = { peft_type: "LORA", r: 2, lora_alpha: 4, target_modules: ["q_proj"] };
const read = (changes: object) =>
  adapterConfig(new JsonFields({ ...plain, ...changes }, "adapter_config.json"));

describe("adapter_config.json", () => {
  it("has no key of peft's that is not known here", () => {
    const known = Object.values(ADAPTER_KEYS).flat();
    expect(keys.filter((key) => !known.includes(key))).toEqual([]);
  });

  it.each(ADAPTER_KEYS.off)("%s is refused by name unless it is off", (key) => {
    for (const off of [null, false, {}, []]) expect(read({ [key]: off }).warnings).toEqual([]);
    for (const on of [true, 3, ["x"], { a: 1 }])
      expect(() => read({ [key]: on })).toThrow(new RegExp(`"${key}".*expected it to be off`));
  });

  it.each(ADAPTER_KEYS.withoutEffect)("%s changes nothing", (key) => {
    const { config, warnings } = read({ [key]: { anything: [1] } });
    expect({ ...config, [key]: undefined }).toEqual({ ...read({}).config, [key]: undefined });
    expect(warnings).toEqual([]);
  });

  it.each([
    [{ init_lora_weights: "pissa_niter_4" }, /init_lora_weights.*path_initial_model_for_weight_conversion/],
    [{ init_lora_weights: "loftq" }, /init_lora_weights/],
    [{ peft_type: "IA3" }, /peft_type.*only supported kind/],
    [{ r: 0 }, /"r"/],
    [{ lora_alpha: "8" }, /"lora_alpha"/],
    [{ target_modules: null }, /"target_modules"/],
    [{ rank_pattern: { q_proj: 0.5 } }, /"rank_pattern.q_proj"/],
    [{ layers_pattern: "layers" }, /layers_pattern.*layers_to_transform/],
    [{ target_modules: ".*", layers_to_transform: [1] }, /layers_to_transform/],
    [{ trainable_token_indices: [-1] }, /trainable_token_indices/],
  ])("%j is refused", (changes, message) => {
    expect(() => read(changes)).toThrow(message);
  });

  it("a random key is refused by name, or named in a warning where it is off", () => {
    const random = new RandomStream(7, "keys");
    const values = [null, false, "", [], {}, true, 1, "on", [0], { a: null }];
    for (let i = 0; i < 500; i++) {
      const key = Array.from({ length: 1 + random.int(12) }, () =>
        String.fromCharCode(33 + random.int(90)),
      ).join("");
      const value = values[random.int(values.length)];
      if (Object.values(ADAPTER_KEYS).flat().includes(key)) continue;
      const off = values.indexOf(value) < 5;
      if (off) expect(read({ [key]: value }).warnings.join()).toContain(JSON.stringify(key));
      else expect(() => read({ [key]: value })).toThrow(PlumbError);
    }
  });

  it("a random value of any key is read or refused, never thrown otherwise", () => {
    const random = new RandomStream(8, "values");
    const values = [null, true, -1, 1e308, "x", "(", [], [[]], {}, { "(": 1 }, [1, "x"], 0.5];
    const paths = [{ path: "model.layers.0.self_attn.q_proj", linear: true }];
    const all = Object.values(ADAPTER_KEYS).flat();
    for (let i = 0; i < 2000; i++) {
      const [key, other] = [all[random.int(all.length)], all[random.int(all.length)]];
      try {
        const { config } = read({ [key]: values[random.int(12)], [other]: values[random.int(12)] });
        targetsOf(config, paths, "adapter").targeted(paths[0].path);
        ranksOf(config, "adapter")(paths[0].path);
      } catch (error) {
        if (!(error instanceof PlumbError)) throw error;
      }
    }
  });
});

describe("modules", () => {
  const paths = [0, 1, 11].flatMap((layer) =>
    ["self_attn.q_proj", "mlp.up_proj"].map((end) => `model.layers.${layer}.${end}`),
  );
  const chosen = (changes: object): string[] => {
    const modules = paths.map((path) => ({ path, linear: true }));
    const { targeted } = targetsOf(read(changes).config, modules, "adapter");
    return paths.filter(targeted).map((path) => path.replace("model.layers.", ""));
  };

  it.each([
    [{ target_modules: ".*q_proj" }, ["0.self_attn.q_proj", "1.self_attn.q_proj", "11.self_attn.q_proj"]],
    [{ target_modules: "q_proj" }, []],
    [{ target_modules: ["q_proj"], layers_to_transform: 1 }, ["1.self_attn.q_proj"]],
    [{ target_modules: ["1.self_attn.q_proj"] }, ["1.self_attn.q_proj"]],
    [{ target_modules: ["roj"] }, []],
    [{ target_modules: "ALL-linear", exclude_modules: [".*"] }, paths.map((path) => path.slice(13))],
    [
      { target_modules: "all-linear", exclude_modules: String.raw`.*\.1?1\..*` },
      ["0.self_attn.q_proj", "0.mlp.up_proj"],
    ],
    [
      { target_modules: ["q_proj", "up_proj"], modules_to_save: ["mlp"], layers_to_transform: [0] },
      ["0.self_attn.q_proj"],
    ],
    [{ target_modules: ["up_proj"], layers_to_transform: [0], layers_pattern: ["blocks"] }, []],
  ])("%j", (changes, expected) => {
    expect(chosen(changes)).toEqual(expected);
  });

  it("the first pattern that fits the end of a path gives rank and alpha", () => {
    const { config } = read({
      use_rslora: true,
      rank_pattern: { "self_attn.q_proj": 9, q_proj: 4 },
      alpha_pattern: { "layers.1.*": 6 },
    });
    const ranks = ranksOf(config, "adapter");
    expect(ranks("model.layers.0.self_attn.q_proj")).toEqual({ r: 9, scale: 4 / 3 });
    expect(ranks("model.layers.1.mlp.up_proj")).toEqual({ r: 2, scale: 6 / Math.sqrt(2) });
  });

  it("an expression that would take exponential time elsewhere takes none here; look-around is refused", () => {
    const path = `model.${"a".repeat(400)}!`;
    const { config } = read({ target_modules: "(model.)(a|a|aa)*(a*)*b" });
    expect(targetsOf(config, [{ path, linear: true }], "adapter").targeted(path)).toBe(false);
    const ahead = read({ target_modules: "^(?!.*vision).*q_proj" }).config;
    expect(() => targetsOf(ahead, [], "adapter")).toThrow(/target_modules.*cannot be read/);
  });
});
