/**
 * The supported architectures of transformers, each as data: a mapping of config.json and a table of weight names.
 * docs/architectures.md says how to add one.
 */
import type { ModelConfig } from "../config.js";
import { JsonFields } from "../formats/json-fields.js";
import type { Architecture } from "./architecture.js";
import { gemma, gemma2, gemma3 } from "./gemma.js";
import { gptNeox } from "./gpt-neox.js";
import { gptOss } from "./gpt-oss.js";
import { gpt2 } from "./gpt2.js";
import { granite } from "./granite.js";
import { llama } from "./llama.js";
import { mistral } from "./mistral.js";
import { mixtral } from "./mixtral.js";
import { olmo2, olmo3 } from "./olmo.js";
import { phi3 } from "./phi3.js";
import { qwen2, qwen3 } from "./qwen.js";
import { qwen3Moe } from "./qwen3-moe.js";
import { smollm3 } from "./smollm3.js";

export type { Architecture, Composite, Layout, WeightNames } from "./architecture.js";

export const ARCHITECTURES: readonly Architecture[] = [
  llama,
  mistral,
  qwen2,
  qwen3,
  gemma,
  gemma2,
  gemma3,
  phi3,
  olmo2,
  olmo3,
  smollm3,
  granite,
  qwen3Moe,
  mixtral,
  gptOss,
  gptNeox,
  gpt2,
];

export const architectureOf = ({ architecture }: ModelConfig): Architecture =>
  ARCHITECTURES.find(({ name }) => name === architecture) as Architecture;

/** Whether config.json of the architecture can say which layers of such a model have biases. */
export function canSayBiases(config: ModelConfig): boolean {
  const { read, write } = architectureOf(config);
  const said = read(new JsonFields(write(config), "config.json"));
  return BIASES.every((key) => said[key] === config[key]);
}
const BIASES = ["qkvBias", "outputBias", "mlpBias"] as const;
