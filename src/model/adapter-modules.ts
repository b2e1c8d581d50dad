/** The modules of a model that an adapter may change, by the paths that peft gives them. */
import { architectureOf } from "./architectures/index.js";
import { theirName } from "./architectures/names.js";
import type { ModelConfig } from "./config.js";
import { expectedWeights, loraLinears } from "./weight-names.js";

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

/**
 * Every module with weights; the output head also where the embedding serves as one, and a scalar head.
 *
 * @param tensors names of an adapter's tensors: where they are those of a class of several models (Gemma 3 with images), so
 * are the paths.
 */
export function adapterModules(config: ModelConfig, tensors: readonly string[] = []): AdapterModule[] {
  const weights = expectedWeights({ ...config, tieWordEmbeddings: false });
  if (!weights.has("score.weight")) weights.set("score.weight", [1, config.hiddenSize]);
  const linears = loraLinears(config).flatMap(({ module, experts }) =>
    experts === undefined ? [`.${module}`] : [],
  );
  const kindOf = (name: string): AdapterModule["kind"] => {
    if (EMBEDDINGS.includes(name)) return "embedding";
    if (HEADS.includes(name)) return "head";
    return linears.some((end) => name.endsWith(end)) ? "block-linear" : "other";
  };
  const within = pathWithin(config, tensors);
  const path = expertsPath(config, tensors);
  return [...weights]
    .filter(([weight]) => weight.endsWith(".weight"))
    .map(([weight, shape]) => {
      const name = weight.slice(0, -".weight".length);
      return { name, path: path(within(theirName(config, name))), kind: kindOf(name), shape };
    });
}

/** From a path as files have it to that of transformers 5, in which every mixture is called mlp, if the tensors have that. */
function expertsPath(config: ModelConfig, tensors: readonly string[]): (path: string) => string {
  const [of = "mlp"] = architectureOf(config).experts?.path.split(".") ?? [];
  const today = of !== "mlp" && tensors.some((name) => name.includes(".mlp."));
  return (path) => (today ? path.replace(`.${of}.`, ".mlp.") : path);
}

/** From a path in the text model to that in the class of several models whose names the tensors have, if they have. */
function pathWithin(config: ModelConfig, tensors: readonly string[]): (path: string) => string {
  const prefixes = Object.entries(architectureOf(config).composite?.prefixes ?? {});
  const [used] = prefixes.find(([long]) => tensors.some((name) => name.startsWith(long))) ?? [];
  if (used === undefined) return (path) => path;
  // Versions of a class differ in the first part of their names.
  const [version] = used.split(".");
  const alike = prefixes.filter(([long]) => long.startsWith(`${version}.`));
  return (path) => {
    const [long, short] = alike.find(([, beginning]) => `${path}.`.startsWith(beginning)) ?? ["", ""];
    return `${long}${`${path}.`.slice(short.length)}`.slice(0, -1);
  };
}

/**
 * From a path in the text model to that in the class of several models that the model's files are of; of other models, the
 * path itself.
 */
export function pathInClass(config: ModelConfig): (path: string) => string {
  const { composite } = architectureOf(config);
  if (config.partOf === undefined || composite === undefined) return (path) => path;
  const { today, prefixes } = composite;
  const short = prefixes[today];
  return (path) => (path.startsWith(short) ? `${today}${path.slice(short.length)}` : path);
}

/** Tensors of an adapter that belong to the parts of a class of several models that are not read. */
export const outsideText = (config: ModelConfig, tensors: readonly string[]): string[] =>
  tensors.filter((name) => architectureOf(config).composite?.leftOut.tensors.test(name) ?? false);

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
