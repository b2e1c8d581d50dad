import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openModel } from "../../src/model/load/index.js";
import { expectedWeights } from "../../src/model/weight-names.js";
import { FIXTURES } from "../fixtures.js";

/** Fields that GGUF has no key for: llama.cpp knows them of the models that exist, and these tiny ones differ. */
const UNSAID: Record<string, string[]> = {
  qwen3: ["slidingWindow", "windowedLayers"],
  gemma2: ["attentionScale"],
  gemma3: ["attentionScale", "windowedLayers"],
  "qwen3-moe": ["experts"],
};

describe("GGUF files with the names and keys of ggml's Python package", () => {
  it.each([
    ...[
      "llama-untied",
      "llama3-rope",
      "mistral",
      "qwen2",
      "qwen3",
      "gemma",
      "gemma2",
      "gemma3",
      "phi3",
      "olmo2",
    ],
    ...["gpt-neox", "gpt2", "yarn", "longrope", "olmo3", "qwen3-moe", "mixtral"],
  ])("%s is the same model as its folder", async (name) => {
    const file = path.join(FIXTURES, "gguf", `${name}.gguf`);
    expect(existsSync(file)).toBe(true);
    const [ours, theirs] = await Promise.all([
      openModel(file),
      openModel(path.join(FIXTURES, "models", name)),
    ]);
    const said = (config: object) =>
      Object.fromEntries(
        Object.entries(config).filter(([key, value]) => value !== undefined && !UNSAID[name]?.includes(key)),
      );
    expect(said(ours.config)).toEqual(said(theirs.config));
    for (const weight of expectedWeights(theirs.config).keys()) {
      const [got, expected] = [await ours.weights.read(weight), await theirs.weights.read(weight)];
      // Norms of 1 + w lose the bits of w below those of 1.
      const tolerance = theirs.config.unitOffsetNorm && weight.endsWith("norm.weight") ? 2e-7 : 0;
      expect(got.length, weight).toBe(expected.length);
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i])), 0);
      expect(worst, weight).toBeLessThanOrEqual(tolerance);
    }
    await Promise.all([ours.close(), theirs.close()]);
  });

  it.each(["gemma-00001-of-00004.gguf", "gemma-00003-of-00004.gguf", ""])(
    "a model in four files is that in one, by the name split/%s",
    async (name) => {
      const folder = path.join(FIXTURES, "gguf");
      const ours = await openModel(path.join(folder, "split", name));
      const whole = await openModel(path.join(folder, "gemma.gguf"));
      expect(ours.config).toEqual(whole.config);
      expect(ours.weights.names().sort()).toEqual(whole.weights.names().sort());
      for (const weight of whole.weights.names())
        expect(await ours.weights.read(weight), weight).toEqual(await whole.weights.read(weight));
      await Promise.all([ours.close(), whole.close()]);
    },
  );

  it("asks which one of a folder with several models", async () => {
    const opening = openModel(path.join(FIXTURES, "gguf"));
    await expect(opening).rejects.toThrow(/gguf has no config.json/);
    await expect(opening).rejects.toMatchObject({
      hint: expect.stringMatching(/give one of them: .*gemma.gguf/),
    });
  });
});
