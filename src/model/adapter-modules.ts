/** The modules of a model that an adapter may change, by the paths that peft gives them. */
import { theirName } from "./architectures/names.js";
import type { ModelConfig } from "./config.js";
import { blockLinears, expectedWeights } from "./weight-names.js";

export interface AdapterModule {
  /** Our name, such as "model.layers.0.self_attn.q_proj". */
  name: string;
  /** The architecture's path. */
  path: string;
  /** Linear layers of blocks keep their update apart; embeddings and heads have no such place. */
  kind: "block-linear" | "embedding" | "head" | "other";
  /** Shape of its weight in our layout. */
  shape: readonly number[];
}

const EMBEDDINGS = ["model.embed_tokens", "model.embed_positions"];
const HEADS = ["lm_head", "score"];

/** Every module with weights; the output head also where the embedding serves as one, and a scalar head. */
export function adapterModules(config: ModelConfig): AdapterModule[] {
  const weights = expectedWeights({ ...config, tieWordEmbeddings: false });
  if (!weights.has("score.weight")) weights.set("score.weight", [1, config.hiddenSize]);
  const linears = blockLinears(config).map(({ module }) => `.${module}`);
  const kindOf = (name: string): AdapterModule["kind"] => {
    if (EMBEDDINGS.includes(name)) return "embedding";
    if (HEADS.includes(name)) return "head";
    return linears.some((end) => name.endsWith(end)) ? "block-linear" : "other";
  };
  return [...weights]
    .filter(([weight]) => weight.endsWith(".weight"))
    .map(([weight, shape]) => {
      const name = weight.slice(0, -".weight".length);
      return { name, path: theirName(config, name), kind: kindOf(name), shape };
    });
}

/**
 * A module by its path in an adapter's file. Files saved from a model without its head omit the first part
 * (transformers' base_model_prefix).
 */
export function moduleFinder(modules: readonly AdapterModule[]): (path: string) => AdapterModule | undefined {
  const found = new Map<string, AdapterModule>();
  for (const spell of [
    (one: AdapterModule) => one.path,
    (one: AdapterModule) => one.name,
    (one: AdapterModule) => one.path.replace(/^\w+\./, ""),
  ]) {
    for (const one of modules) if (!found.has(spell(one))) found.set(spell(one), one);
  }
  return (path) => found.get(path);
}
