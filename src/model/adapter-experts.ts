/**
 * LoRA of a mixture's experts in PEFT's files. Each expert's layers are modules of their own (transformers 4), or all
 * experts' weights are one parameter each, which target_parameters names (transformers 5; peft's ParamWrapper).
 */
import { PlumbError } from "../base/errors.js";
import { architectureOf } from "./architectures/index.js";
import type { ModelConfig } from "./config.js";
import { allocateF32, type OpenWeights } from "./formats/weights.js";
import type { AdapterConfig } from "./load/adapter-config.js";
import { parameterPath } from "./lora-targets.js";
import type { LowRank } from "./low-rank.js";
import type { LoraConfig } from "./network.js";
import type { TensorData } from "./save/index.js";
import { loraLinears } from "./weight-names.js";

/** A layer of one expert, or of all. */
export interface ExpertPlace {
  /** Its path in the architecture: what target_modules, or target_parameters, may name. */
  path: string;
  /** Our name of all experts' layer. */
  layer: string;
  /** Which expert, and which of the rows of gate and up it has: 0 or 1. Of all experts: undefined. */
  single?: { expert: number; half: number };
  /** [outputs, inputs] of one expert. */
  shape: readonly [number, number];
  /** The tensors of the file, if it has them. */
  a?: string;
  b?: string;
}

/** The parameters of all experts, in the order in which peft wraps them: the last one is the outermost. */
const PARAMETERS = ["gate_up_proj", "down_proj"] as const;
/** Their path in transformers 5, of every architecture. */
const PARAMETER_PATH = "mlp.experts";

/** Whether target_parameters names a parameter: its path, or an end of it. */
export const namesParameter =
  ({ target_parameters: names }: Pick<AdapterConfig, "target_parameters">) =>
  (path: string): boolean =>
    (names ?? []).some((name) => path === name || path.endsWith(`.${name}`));

/** Every place for LoRA of experts that a model has; none without experts. @param tensors names of an adapter's tensors. */
export function expertPlaces(
  model: ModelConfig,
  config: AdapterConfig,
  tensors: readonly string[],
): ExpertPlace[] {
  const files = architectureOf(model).experts;
  const layers = loraLinears(model).filter(({ experts }) => experts !== undefined);
  if (files === undefined || layers.length === 0) return [];
  const known = new Set(tensors);
  // Files saved from a model without its head omit the first part of names.
  const stored = (name: string): string | undefined =>
    [name, name.replace(/^\w+\./, "")].find((one) => known.has(one));
  const place = (one: Omit<ExpertPlace, "a" | "b">, at: string): ExpertPlace => {
    const [a, b] = ["A", "B"].map((end) => stored(`${at}.lora_${end}.weight`));
    return { ...one, ...(a !== undefined && { a }), ...(b !== undefined && { b }) };
  };
  const named = namesParameter(config);
  const { form } = files;
  const { count, width } = model.experts as NonNullable<ModelConfig["experts"]>;
  return Array.from({ length: model.layers }, (_, n) => `model.layers.${n}`).flatMap((at) => {
    const targeted = PARAMETERS.filter((one) => named(`${at}.${PARAMETER_PATH}.${one}`));
    return layers.flatMap(({ name, module, shape }): ExpertPlace[] => {
      const layer = `${at}.${module}`;
      const path = `${at}.${PARAMETER_PATH}.${name}`;
      const depth = targeted.length - 1 - targeted.indexOf(name as (typeof PARAMETERS)[number]);
      const wrapped = `${at}.${PARAMETER_PATH}${".base_layer".repeat(depth)}`;
      const all = place({ path, layer, shape }, targeted.some((one) => one === name) ? wrapped : path);
      if (typeof form === "string") return [all];
      const halves = name === "down_proj" ? [form.down] : [form.gate, form.up];
      const own = name === "down_proj" ? shape : ([width, shape[1]] as const);
      const singles = Array.from({ length: count }, (_, expert) =>
        halves.map((end, half) => {
          const path = `${at}.${files.path}.${expert}.${end}`;
          return place({ path, layer, shape: own, single: { expert, half } }, path);
        }),
      );
      return [all, ...singles.flat()];
    });
  });
}

/** Reads the matrices of a place of an adapter, checked: [r, inputs] and [outputs, r], or those of all experts. */
type ReadMatrix = (tensor: string, shape: readonly number[]) => Promise<Float32Array>;

/**
 * The updates of experts of a file, by our names of all experts' layers. Those of single experts are put together: an expert
 * that has none has zeros, and of gate and up each has rows of A of its own, as peft joins them.
 *
 * @param ranks of a path. @throws PlumbError for a tensor that is missing or of another shape, or what peft's LoRA of
 * experts cannot be.
 */
export async function expertUpdates(
  dir: string,
  model: ModelConfig,
  config: AdapterConfig,
  places: readonly ExpertPlace[],
  weights: OpenWeights,
  ranks: (path: string) => { r: number; scale: number },
): Promise<Map<string, LowRank>> {
  const used = places.filter(({ a, b }) => a !== undefined || b !== undefined);
  if (used.length > 0) checkKind(dir, config);
  const read: ReadMatrix = async (tensor, shape) => {
    const found = weights.shape(tensor);
    if (found.join() === shape.join()) return weights.read(tensor);
    throw new PlumbError(
      `${dir}: ${tensor} is [${found.join(", ")}], this model and rank need [${shape.join(", ")}]`,
      { hint: "The adapter belongs to another base model, or was saved by a peft older than 0.19." },
    );
  };
  const updates = new Map<string, LowRank>();
  for (const layer of new Set(used.map((one) => one.layer))) {
    const own = used.filter((one) => one.layer === layer);
    const [all] = own.filter(({ single }) => single === undefined);
    if (all !== undefined && own.length > 1)
      throw new PlumbError(
        `${dir}: ${all.a} and ${own.find(({ single }) => single)?.a} are of the same layer.`,
      );
    updates.set(
      layer,
      all === undefined
        ? await fromSingles(dir, model, own, read, ranks)
        : await fromAll(dir, model, config, all, read, ranks),
    );
  }
  return updates;
}

/** @throws PlumbError for kinds of LoRA that are not supported on experts. */
function checkKind(dir: string, { use_dora: dora, init_lora_weights: start }: AdapterConfig): void {
  const olora = typeof start === "string" && start.toLowerCase() === "olora";
  const kind = dora ? "use_dora" : olora ? "init_lora_weights" : undefined;
  if (kind === undefined) return;
  throw new PlumbError(
    `${dir}: "${kind}" is ${dora ? "true" : '"olora"'}, and the adapter has layers of experts.`,
    {
      hint: "On experts plain LoRA is supported. Merge the adapter in peft, and use the merged model.",
    },
  );
}

function need(dir: string, { path, a, b }: ExpertPlace): { a: string; b: string } {
  if (a !== undefined && b !== undefined) return { a, b };
  throw new PlumbError(`${dir}: the adapter lacks ${path}.lora_${a === undefined ? "A" : "B"}.weight`);
}

/** peft's parameter of all experts: A [experts r, in], expert by expert, and B [out, r experts], rank by rank. */
async function fromAll(
  dir: string,
  model: ModelConfig,
  config: AdapterConfig,
  place: ExpertPlace,
  read: ReadMatrix,
  ranks: (path: string) => { r: number; scale: number },
): Promise<LowRank> {
  const { r, scale } = ranks(place.path);
  const [out, input] = place.shape;
  const count = model.experts?.count as number;
  const { a, b } = need(dir, place);
  if (out === input && beforeSwap(config) && architectureOf(model).experts?.form !== "alternating") {
    throw new PlumbError(
      `${dir}: "peft_version" is ${JSON.stringify(config.peft_version ?? null)}: before 0.19, peft had inputs and outputs of ${place.path} the other way round, and here both are ${out}.`,
      {
        hint: "Load it in the peft that saved it, and merge it.",
      },
    );
  }
  const A = await read(a, [count * r, input]);
  const theirs = await read(b, [out, r * count]);
  const B = allocateF32(count * r * out);
  for (let o = 0; o < out; o++) {
    const own = ourOutput(model, place, o);
    for (let k = 0; k < r; k++)
      for (let e = 0; e < count; e++) B[(e * r + k) * out + own] = theirs[(o * r + k) * count + e];
  }
  return { r, scale, a: A, b: B, experts: count };
}

/** Where an output of a parameter of the architecture's file is among ours: gates and ups may alternate there. */
function ourOutput(
  model: ModelConfig,
  { layer, shape }: Pick<ExpertPlace, "layer" | "shape">,
  o: number,
): number {
  const alternating = architectureOf(model).experts?.form === "alternating" && layer.endsWith("gate_up_proj");
  return alternating ? (o % 2) * (shape[0] / 2) + Math.floor(o / 2) : o;
}

/** Whether an adapter is of a peft that took the second axis of [experts, outputs, inputs] for the inputs. */
function beforeSwap({ peft_version: version }: AdapterConfig): boolean {
  const [major, minor] = typeof version === "string" ? version.split(".").map(Number) : [0, 0];
  return major === 0 && minor < 19;
}

async function fromSingles(
  dir: string,
  model: ModelConfig,
  places: readonly ExpertPlace[],
  read: ReadMatrix,
  ranks: (path: string) => { r: number; scale: number },
): Promise<LowRank> {
  const count = model.experts?.count as number;
  const found = places.map((place) => ({ ...place, ...need(dir, place), ...ranks(place.path) }));
  const rankOf = (expert: number): number =>
    found.reduce((sum, { single, r }) => sum + (single?.expert === expert ? r : 0), 0);
  const r = Math.max(...found.map(({ single }) => rankOf(single?.expert as number)));
  const alike = found.every(({ scale }) => scale === found[0].scale);
  const down = places[0].layer.endsWith("down_proj");
  const [own, input] = places[0].shape;
  const out = down ? own : 2 * own;
  const [A, B] = [allocateF32(count * r * input), allocateF32(count * r * out)];
  const filled = new Array<number>(count).fill(0);
  for (const { single, a, b, r: rank, scale } of found) {
    const { expert, half } = single as NonNullable<ExpertPlace["single"]>;
    const at = expert * r + filled[expert];
    filled[expert] += rank;
    A.set(await read(a, [rank, input]), at * input);
    const theirs = await read(b, [own, rank]);
    for (let o = 0; o < own; o++)
      for (let k = 0; k < rank; k++)
        B[(at + k) * out + half * own + o] = theirs[o * rank + k] * (alike ? 1 : scale);
  }
  return { r, scale: alike ? found[0].scale : 1, a: A, b: B, experts: count };
}

/**
 * An adapter's tensors with those of experts and routers as peft saves them over transformers 5; all others as they are.
 *
 * @param tensors by our names.
 */
export function theirExperts(
  config: ModelConfig,
  { r, targets }: LoraConfig,
  tensors: ReadonlyMap<string, TensorData>,
): Map<string, TensorData> {
  const count = config.experts?.count;
  if (count === undefined) return new Map(tensors);
  const wrapped = loraLinears(config).filter(
    ({ name, experts }) => experts !== undefined && targets.includes(name),
  );
  return new Map(
    [...tensors].map(([name, tensor]): [string, TensorData] => {
      const [, at, module, end] = /^(model\.layers\.\d+)\.(mlp\..+)\.lora_([AB])\.weight$/.exec(name) ?? [];
      if (at === undefined || module === undefined) return [name, tensor];
      if (module === "mlp.router")
        return [`${at}.${parameterPath(config, module)}.lora_${end}.weight`, tensor];
      const depth = wrapped.length - 1 - wrapped.findIndex((one) => one.module === module);
      const path = `${at}.${PARAMETER_PATH}${".base_layer".repeat(depth)}.lora_${end}.weight`;
      if (end === "A") return [path, tensor];
      const [, out] = tensor.shape;
      const data = allocateF32(tensor.data.length);
      const place = { layer: `${at}.${module}`, shape: [out, 0] as const };
      for (let o = 0; o < out; o++) {
        const own = ourOutput(config, place, o);
        for (let k = 0; k < r; k++)
          for (let e = 0; e < count; e++)
            data[(o * r + k) * count + e] = tensor.data[(e * r + k) * out + own];
      }
      return [path, { shape: [out, r * count], data }];
    }),
  );
}
