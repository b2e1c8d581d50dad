/** Converts weights between an architecture's names and layouts and ours. */
import { elementCount } from "../../base/element-count.js";
import type { ModelConfig } from "../config.js";
import { allocateF32, type OpenWeights, unknownTensor } from "../formats/weights.js";
import type { SavedTensor } from "../formats/write-safetensors.js";
import type { Layout } from "./architecture.js";
import { expertTensors, isOfExperts, savedExperts, withExperts } from "./experts.js";
import { architectureOf } from "./index.js";
import { swapped, transposed } from "./reorder.js";

/** Splits a tensor's name into its module and the kind of tensor. */
function parts(name: string): { module: string; kind: string } {
  const match = /^(.+?)\.((?:lora_[AB]\.)?(?:weight|bias))$/.exec(name);
  return match ? { module: match[1], kind: match[2] } : { module: name, kind: "" };
}

/** Renames "a.3.b" by a table of patterns such as "a.*.b"; names that are not in the table stay. */
function renamed(name: string, table: ReadonlyMap<string, string>): string {
  const { module, kind } = parts(name);
  const layer = /\.(\d+)\./.exec(module);
  const found = table.get(layer ? module.replace(layer[0], ".*.") : module);
  if (found === undefined) return name;
  const own = layer ? found.replace(".*.", layer[0]) : found;
  return kind ? `${own}.${kind}` : own;
}

const modulesOf = (config: ModelConfig): [ours: string, theirs: string][] =>
  Object.entries(architectureOf(config).names?.modules ?? {});

/** The architecture's name for our name of a weight, a LoRA matrix or a module. */
export const theirName = (config: ModelConfig, name: string): string =>
  renamed(name, new Map(modulesOf(config)));

/** Our name for the architecture's name. */
export const ourName = (config: ModelConfig, name: string): string =>
  renamed(name, new Map(modulesOf(config).map(([ours, theirs]) => [theirs, ours])));

/** The layout of a tensor (by our name) in the architecture's files; undefined: the same as ours. */
function layoutOf(config: ModelConfig, name: string): Layout | undefined {
  const { module, kind } = parts(name);
  const layout = architectureOf(config).names?.layouts?.[module.replace(/\.\d+\./, ".*.")];
  if (layout === "transposed") return kind === "weight" ? layout : undefined;
  return kind === "lora_A.weight" ? undefined : layout;
}

/** All values of a tensor in one array. */
export async function wholeTensor(tensor: SavedTensor): Promise<Float32Array> {
  if ("data" in tensor) return tensor.data;
  const out = allocateF32(elementCount(tensor.shape));
  let filled = 0;
  for await (const piece of tensor.pieces()) {
    out.set(piece, filled);
    filled += piece.length;
  }
  return out;
}

/** A tensor as the architecture stores it; one with another layout is converted when its pieces are requested. */
function toTheirLayout(config: ModelConfig, name: string, tensor: SavedTensor): SavedTensor {
  const layout = layoutOf(config, name);
  const { shape } = tensor;
  if (layout === undefined) return tensor;
  async function* pieces(): AsyncGenerator<Float32Array> {
    const whole = await wholeTensor(tensor);
    yield layout === "transposed" ? transposed(whole, shape[0], shape[1]) : swapped(whole, 3, config.heads);
  }
  return { shape: layout === "transposed" ? [...shape].reverse() : shape, pieces };
}

/** A tensor of the architecture's file, of the shape that it has there, in our layout. @param name by our names. */
export function toOurLayout(
  config: ModelConfig,
  name: string,
  data: Float32Array,
  [rows, columns]: readonly number[],
): Float32Array {
  const layout = layoutOf(config, name);
  if (layout === "transposed") return transposed(data, rows, columns);
  return layout === "by-head" ? swapped(data, config.heads, 3) : data;
}

/** A shape in the architecture's file as we have it. */
export const toOurShape = (config: ModelConfig, name: string, shape: readonly number[]): number[] =>
  layoutOf(config, name) === "transposed" ? [...shape].reverse() : [...shape];

/** Tensors, given by our names, as the architecture's file holds them. */
export const theirWeights = (
  config: ModelConfig,
  tensors: ReadonlyMap<string, SavedTensor>,
): Map<string, SavedTensor> => {
  const { experts } = architectureOf(config);
  return new Map(
    [...tensors].flatMap(([name, tensor]): [string, SavedTensor][] =>
      experts !== undefined && isOfExperts(name)
        ? savedExperts(config, experts, name, () => wholeTensor(tensor))
        : [[theirName(config, name), toTheirLayout(config, name, tensor)]],
    ),
  );
};

/** What torch.compile and torch's data-parallel wrapper put before every name of a model that is saved while it is wrapped. */
const WRAPPERS = ["_orig_mod.", "module."];

/**
 * The name in an architecture's file of a weight, by our name; undefined if it has none. Files saved from a model without
 * its head omit the first part of names (transformers' base_model_prefix). Of a head that is the embedding, a file may have
 * either: safetensors' save_model keeps the name that comes first.
 */
export function storedName(
  config: ModelConfig,
  weights: Pick<OpenWeights, "has">,
  name: string,
): string | undefined {
  const theirs = theirName(config, name);
  const { composite } = architectureOf(config);
  const longer = Object.entries(composite?.prefixes ?? {}).flatMap(([long, short]) =>
    theirs.startsWith(short) ? [`${long}${theirs.slice(short.length)}`] : [],
  );
  const wrapped = WRAPPERS.map((wrapper) => `${wrapper}${theirs}`);
  const candidates = [theirs, ...longer, theirs.replace(/^\w+\./, ""), name, ...wrapped];
  const found = candidates.find((candidate) => weights.has(candidate));
  if (found !== undefined || name !== EMBEDDING || !config.tieWordEmbeddings || config.head === "score")
    return found;
  return storedName(config, weights, "lm_head.weight");
}
const EMBEDDING = "model.embed_tokens.weight";

/** The names in an architecture's file of all tensors that make a weight, by our name; empty if it lacks one. */
export function storedNames(config: ModelConfig, weights: Pick<OpenWeights, "has">, name: string): string[] {
  const { experts } = architectureOf(config);
  if (experts !== undefined && isOfExperts(name)) return expertTensors(config, experts, weights, name);
  const stored = storedName(config, weights, name);
  return stored === undefined ? [] : [stored];
}

/** Weights of an architecture's file under our names and in our layouts. */
export function ourWeights(config: ModelConfig, weights: OpenWeights, source: string): OpenWeights {
  const { experts } = architectureOf(config);
  const renamed = renamedWeights(config, weights, source);
  return experts === undefined ? renamed : withExperts(config, experts, renamed, source);
}

function renamedWeights(config: ModelConfig, weights: OpenWeights, source: string): OpenWeights {
  const stored = (name: string): string | undefined => storedName(config, weights, name);
  const find = (name: string): string => stored(name) ?? unknownTensor(theirName(config, name), source);
  return {
    names: () => weights.names().map((name) => ourName(config, name)),
    has: (name) => stored(name) !== undefined,
    shape: (name) => toOurShape(config, name, weights.shape(find(name))),
    dtype: (name) => weights.dtype(find(name)),
    read: async (name) =>
      toOurLayout(config, name, await weights.read(find(name)), weights.shape(find(name))),
    close: () => weights.close(),
  };
}
