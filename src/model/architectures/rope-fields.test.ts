import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ropeTables, rotaryFrequencies } from "../../nn/index.js";
import { JsonFields } from "../formats/json-fields.js";
import { huggingFaceConfig } from "../load/huggingface.js";

interface Case {
  config: Record<string, unknown> & { rope_parameters: { rope_type: string } };
  frequencies: number[];
  factor: number;
}
/** Random scalings and what transformers makes of them (scripts/reference/make_architectures.py). */
const { cases } = JSON.parse(readFileSync("test/fixtures/rope-scalings.json", "utf8")) as { cases: Case[] };
const named = cases.map((one, i) => [`${one.config.rope_parameters.rope_type} ${i}`, one] as const);

describe("rotary scalings give transformers' frequencies and factors", () => {
  it.each(named)("%s", (_, { config, frequencies, factor }) => {
    const { headDim, ropeTheta = 0, ropeScaling } = huggingFaceConfig(new JsonFields(config, "config.json"));
    const found = rotaryFrequencies(headDim, ropeTheta, ropeScaling);
    expect(found.length).toBe(frequencies.length);
    for (const [i, frequency] of found.entries())
      expect(Math.abs(frequency / frequencies[i] - 1)).toBeLessThan(2e-6);
    const { cos } = ropeTables(1, headDim, ropeTheta, ropeScaling);
    expect(cos[0]).toBeCloseTo(factor, 6);
  });
});

describe("longrope", () => {
  const { config } = cases.find((one) => one.config.rope_parameters.rope_type === "longrope")!;
  const read = (changes: object, rope: object = {}) =>
    huggingFaceConfig(
      new JsonFields(
        { ...config, rope_parameters: { ...config.rope_parameters, ...rope }, ...changes },
        "config.json",
      ),
    );

  it("limits texts to the original context, for which its short factors are", () => {
    const { maxPositions, ropeScaling } = read(
      { max_position_embeddings: 131072, original_max_position_embeddings: 4096 },
      { original_max_position_embeddings: 4096 },
    );
    expect(maxPositions).toBe(4096);
    expect(ropeScaling).toMatchObject({ originalMaxPositions: 4096, extendedMaxPositions: 131072 });
  });

  it.each<[string, object, object, RegExp]>([
    ["too few factors", {}, { short_factor: [1, 2] }, /short and long factors, one for each frequency/],
    [
      "a factor that is none",
      {},
      { long_factor: [0, 1, 2, 3] },
      /"long_factor" .* a list of positive numbers/,
    ],
    ["no factors", {}, { short_factor: undefined }, /"short_factor" is missing/],
    [
      "two original lengths",
      { original_max_position_embeddings: 8 },
      { original_max_position_embeddings: 9 },
      /is 8, but/,
    ],
    [
      "another scaling",
      {},
      { rope_type: "linear", factor: 2 },
      /longrope, the only scaling of Phi-3|"rope_parameters\.\w+"/,
    ],
  ])("%s is refused by name", (_, changes, rope, message) => {
    expect(() => read(changes, rope)).toThrow(message);
  });

  it("is of Phi-3 alone", () => {
    const other = { architectures: ["LlamaForCausalLM"], model_type: "llama" };
    expect(() => read({ ...other, original_max_position_embeddings: undefined })).toThrow(
      /"longrope" is not supported/,
    );
  });
});
