/** Models and adapters of test/fixtures, loaded; made by scripts/reference with torch, transformers and peft. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ModelConfig } from "../src/model/config.js";
import { openModel } from "../src/model/load/index.js";
import type { Weights } from "../src/model/network.js";
import { readWeights } from "../src/model/read-weights.js";
import type { AdamwConfig } from "../src/optim/index.js";
import type { Runtime } from "../src/runtime/runtime.js";

/** Models of scripts/reference/make_architectures.py. */
export const ARCHITECTURE_FIXTURES = [
  "qwen3",
  "gemma",
  "gemma2",
  "gemma3",
  "phi3",
  "olmo2",
  "gpt-neox",
  "gpt-neox-serial",
  "gpt2",
  "yarn",
  "yarn-mscale",
  "longrope",
  "olmo3",
  "smollm3",
  "granite",
  "qwen3-moe",
  "mixtral",
  "gpt-oss",
];

export const FIXTURES = path.resolve("test/fixtures");
export const readFixture = <T>(name: string): T =>
  JSON.parse(readFileSync(path.join(FIXTURES, name), "utf8")) as T;
export const adapterFolder = (name: string): string => path.join(FIXTURES, "adapters", name);

export const PLAIN_ADAM: AdamwConfig = {
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
  maxGradNorm: null,
};

export async function loadModel(
  runtime: Runtime,
  name: string,
): Promise<{ config: ModelConfig; weights: Weights }> {
  const files = await openModel(path.join(FIXTURES, "models", name), "any");
  const weights = await readWeights(runtime, files.config, files.weights);
  await files.close();
  return { config: files.config, weights };
}
