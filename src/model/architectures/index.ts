/**
 * The architectures of transformers whose folders are read and written, each as data: a mapping of config.json and a
 * table of weight names. docs/architectures.md says how to add one.
 */
import type { ModelConfig } from "../config.js";
import type { Architecture } from "./architecture.js";
import { llama } from "./llama.js";
import { mistral } from "./mistral.js";
import { qwen2, qwen3 } from "./qwen.js";

export type { Architecture, Layout, WeightNames } from "./architecture.js";

export const ARCHITECTURES: readonly Architecture[] = [llama, mistral, qwen2, qwen3];

export const architectureOf = ({ architecture }: ModelConfig): Architecture =>
  ARCHITECTURES.find(({ name }) => name === architecture) as Architecture;
