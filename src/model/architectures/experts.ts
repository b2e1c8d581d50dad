/** The weights of mixtures of experts in files, and as we have them (`expertWeights`). */
import { elementCount } from "../../base/element-count.js";
import { PlumbError } from "../../base/errors.js";
import type { Experts, ModelConfig } from "../config.js";
import { allocateF32, type OpenWeights } from "../formats/weights.js";
import type { SavedTensor } from "../formats/write-safetensors.js";
import { expertWeights } from "../weight-names.js";
import { swapped, transposed } from "./reorder.js";

/** How files hold a layer's experts. */
export interface ExpertFiles {
  /** Their path within a layer, such as "mlp.experts". */
  readonly path: string;
  /**
   * "alternating": one tensor for all, of gate and up [experts, hidden, 2 width], in which they alternate, of down
   * [experts, width, hidden], or packed as MXFP4 with inputs last. "split": one for all, gate and up apart, with inputs
   * last (GGUF). Else the names of one expert's layers, which have tensors of their own ("PATH.3.w1.weight").
   */
  readonly form:
    | "alternating"
    | "split"
    | { readonly gate: string; readonly up: string; readonly down: string };
}

/** A tensor of a file, and what of ours it holds. */
interface Part {
  name: string;
  /** In the file. */
  shape: number[];
  /** Copies the file's values to their place in ours. */
  put(ours: Float32Array, theirs: Float32Array): void;
  /** The file's values from ours. */
  take(ours: Float32Array): Float32Array;
}

type Order = (data: Float32Array) => Float32Array;
/** Copies between two orders of a matrix. */
interface Orders {
  toOurs: Order;
  toTheirs: Order;
}
const AS_IT_IS: Orders = { toOurs: (data) => data, toTheirs: (data) => data };
const turned = (rows: number, columns: number): Orders => ({
  toOurs: (data) => transposed(data, rows, columns),
  toTheirs: (data) => transposed(data, columns, rows),
});

/**
 * A tensor that holds as many blocks of ours, of `size` elements, each in another order.
 * @param at where the block of a number begins in ours.
 */
function blocks(
  name: string,
  shape: number[],
  count: number,
  at: (block: number) => number,
  { toOurs, toTheirs }: Orders = AS_IT_IS,
): Part {
  const size = elementCount(shape) / count;
  return {
    ...{ name, shape },
    put(ours, theirs) {
      for (let e = 0; e < count; e++) ours.set(toOurs(theirs.subarray(e * size, (e + 1) * size)), at(e));
    },
    take(ours) {
      const theirs = allocateF32(count * size);
      for (let e = 0; e < count; e++) theirs.set(toTheirs(ours.subarray(at(e), at(e) + size)), e * size);
      return theirs;
    },
  };
}

/** The kind of weight of experts that a name of ours is, and its layer's. */
function kindOf(name: string): { layer: string; kind: string } | undefined {
  const [, layer, kind] =
    /^(model\.layers\.\d+)\.mlp\.experts\.((?:gate_up|down)_proj\.(?:weight|bias))$/.exec(name) ?? [];
  return layer === undefined || kind === undefined ? undefined : { layer, kind };
}

type Sizes = Pick<Experts, "count" | "width"> & { hidden: number };
type Names = Exclude<ExpertFiles["form"], string>;

/** Tensors in which every expert's layer stands for itself. */
function eachApart(at: string, kind: string, names: Names, { count, width: I, hidden: D }: Sizes): Part[] {
  return Array.from({ length: count }, (_, e): Part[] => {
    const gate = (name: string, half: number): Part =>
      blocks(`${at}.${e}.${name}.weight`, [I, D], 1, () => (2 * e + half) * I * D);
    if (kind === "gate_up_proj.weight") return [gate(names.gate, 0), gate(names.up, 1)];
    return [blocks(`${at}.${e}.${names.down}.weight`, [D, I], 1, () => e * I * D, turned(D, I))];
  }).flat();
}

/** transformers 5's own tensors of an architecture whose files usually have one for each expert. */
function together(at: string, kind: string, { count: E, width: I, hidden: D }: Sizes): Part[] {
  if (kind === "gate_up_proj.weight") return [blocks(`${at}.gate_up_proj`, [E, 2 * I, D], 1, () => 0)];
  return [blocks(`${at}.down_proj`, [E, D, I], E, (e) => e * I * D, turned(D, I))];
}

/** Tensors of all experts of one layer each, with biases. */
function split(at: string, kind: string, { count: E, width: I, hidden: D }: Sizes): Part[] {
  const end = kind.slice(kind.indexOf("."));
  if (kind === "down_proj.weight")
    return [blocks(`${at}.down_proj${end}`, [E, D, I], E, (e) => e * I * D, turned(D, I))];
  if (kind === "down_proj.bias") return [blocks(`${at}.down_proj${end}`, [E, D], 1, () => 0)];
  const [shape, size] = end === ".bias" ? [[E, I], I] : [[E, I, D], I * D];
  return ["gate_proj", "up_proj"].map((name, half) =>
    blocks(`${at}.${name}${end}`, [...shape], E, (e) => (2 * e + half) * size),
  );
}

/** Forms of tensors of all experts in which gates and ups alternate: in floats, and as MXFP4. */
function alternating(at: string, kind: string, { count: E, width: I, hidden: D }: Sizes): Part[][] {
  const apart: Orders = {
    toOurs: (data) => swapped(data, I, 2),
    toTheirs: (data) => swapped(data, 2, I),
  };
  if (kind === "down_proj.bias") return [[blocks(`${at}.down_proj_bias`, [E, D], 1, () => 0)]];
  if (kind === "gate_up_proj.bias")
    return [[blocks(`${at}.gate_up_proj_bias`, [E, 2 * I], E, (e) => e * 2 * I, apart)]];
  if (kind === "down_proj.weight") {
    return [
      [blocks(`${at}.down_proj`, [E, I, D], 1, () => 0)],
      [blocks(`${at}.down_proj_blocks`, [E, D, I], E, (e) => e * I * D, turned(D, I))],
    ];
  }
  const both: Orders = {
    toOurs: (data) => apart.toOurs(transposed(data, D, 2 * I)),
    toTheirs: (data) => transposed(apart.toTheirs(data), 2 * I, D),
  };
  return [
    [blocks(`${at}.gate_up_proj`, [E, D, 2 * I], E, (e) => e * 2 * I * D, both)],
    [blocks(`${at}.gate_up_proj_blocks`, [E, 2 * I, D], E, (e) => e * 2 * I * D, apart)],
  ];
}

/** The forms in which files may hold a weight of ours, the one that is written first; empty for other weights. */
function formsOf(config: ModelConfig, { path, form }: ExpertFiles, name: string): Part[][] {
  const found = kindOf(name);
  if (found === undefined || config.experts === undefined) return [];
  const { layer, kind } = found;
  const sizes = { ...config.experts, hidden: config.hiddenSize };
  const at = `${layer}.${path}`;
  if (form === "alternating") return alternating(at, kind, sizes);
  if (form === "split") return [split(at, kind, sizes)];
  return [eachApart(at, kind, form, sizes), together(`${layer}.mlp.experts`, kind, sizes)];
}

/** Whether a weight of ours is one of experts, which files hold in another form. */
export const isOfExperts = (name: string): boolean => kindOf(name) !== undefined;

/** Files saved from a model without its head omit the first part of names. */
const withoutFirst = (name: string): string => name.replace(/^\w+\./, "");

/** The tensors of a file that make a weight of ours, by their names in it; undefined if one is missing. */
function partsIn(
  config: ModelConfig,
  files: ExpertFiles,
  weights: Pick<OpenWeights, "has">,
  name: string,
): Part[] | undefined {
  for (const parts of formsOf(config, files, name)) {
    if (parts.every((part) => weights.has(part.name))) return parts;
    if (parts.every((part) => weights.has(withoutFirst(part.name))))
      return parts.map((part) => ({ ...part, name: withoutFirst(part.name) }));
  }
  return undefined;
}

/** Names of the tensors of a file that make a weight of experts; empty if the file lacks one of them. */
export const expertTensors = (
  config: ModelConfig,
  files: ExpertFiles,
  weights: Pick<OpenWeights, "has">,
  name: string,
): string[] => (partsIn(config, files, weights, name) ?? []).map((part) => part.name);

/**
 * Weights of a file with those of experts under our names and in our order.
 *
 * @param weights under our names, but for experts.
 * @returns weights that have every weight of experts: `shape` and `read` throw a PlumbError, which names the file's
 * tensor, if one is missing or of another shape.
 */
export function withExperts(
  config: ModelConfig,
  files: ExpertFiles,
  weights: OpenWeights,
  source: string,
): OpenWeights {
  const shapes = expertWeights(config);
  const shapeOf = (name: string): number[] => [
    ...(shapes.get(name.replace(/^model\.layers\.\d+\./, "")) ?? []),
  ];
  const partsOf = (name: string): Part[] => {
    const parts = partsIn(config, files, weights, name);
    if (parts === undefined) {
      const [first] = formsOf(config, files, name);
      const missing = first?.find((part) => !weights.has(part.name))?.name ?? name;
      throw new PlumbError(`${source} has no tensor named ${JSON.stringify(missing)}.`);
    }
    for (const part of parts) {
      const found = weights.shape(part.name);
      if (found.join() === part.shape.join()) continue;
      throw new PlumbError(
        `${source}: the weight ${part.name} has the shape [${found.join(", ")}]; the configuration says [${part.shape.join(", ")}].`,
      );
    }
    return parts;
  };
  return {
    names: () => weights.names(),
    has: (name) => isOfExperts(name) || weights.has(name),
    shape(name) {
      if (!isOfExperts(name)) return weights.shape(name);
      partsOf(name);
      return shapeOf(name);
    },
    dtype: (name) => weights.dtype(isOfExperts(name) ? partsOf(name)[0].name : name),
    async read(name) {
      if (!isOfExperts(name)) return weights.read(name);
      const out = allocateF32(elementCount(shapeOf(name)));
      for (const part of partsOf(name)) part.put(out, await weights.read(part.name));
      return out;
    },
    close: () => weights.close(),
  };
}

/**
 * A weight of experts as the tensors of a file. Its values are requested once, with the first tensor that is written,
 * and kept until the last one is.
 */
export function savedExperts(
  config: ModelConfig,
  files: ExpertFiles,
  name: string,
  whole: () => Promise<Float32Array>,
): [name: string, tensor: SavedTensor][] {
  const [parts] = formsOf(config, files, name);
  let values: Promise<Float32Array> | undefined;
  let left = parts.length;
  return parts.map((part) => {
    async function* pieces(): AsyncGenerator<Float32Array> {
      values ??= whole();
      const data = await values;
      left--;
      if (left === 0) values = undefined;
      yield part.take(data);
    }
    return [part.name, { shape: part.shape, pieces }];
  });
}
