/**
 * A model with an adapter: what is a low-rank update of a block's linear layer stays apart, everything else that an
 * adapter may change (embeddings, heads, norms, biases, rows of tokens, DoRA, OLoRA) goes into new weights of the base.
 */
import { PlumbError } from "../base/errors.js";
import { readFloats } from "../runtime/read.js";
import type { DeviceBuffer, Runtime } from "../runtime/runtime.js";
import type { AdapterParts } from "./adapter-parts.js";
import { architectureOf, canSayBiases } from "./architectures/index.js";
import type { ModelConfig } from "./config.js";
import { HEAD } from "./create.js";
import { allocateF32 } from "./formats/weights.js";
import { isInt8 } from "./int8/gradients.js";
import { dorized, type LowRank, lessOlora, plusProduct } from "./low-rank.js";
import { type LoraConfig, loraSpecs, type Weights } from "./network.js";
import type { TensorData } from "./save/index.js";
import { expectedWeights, loraLinears } from "./weight-names.js";

/** LoRA matrices of every layer by our names, with their scale. */
export interface LoraUpdate {
  lora: LoraConfig;
  tensors: Map<string, TensorData>;
}

export interface AdaptedModel {
  /** The model's, but for what the adapter changes: biases, an output head of its own, more tokens. */
  config: ModelConfig;
  /** Weights that the adapter leaves alone are the base's own buffers. */
  base: Weights;
  update?: LoraUpdate;
  /** A scalar head, [1, width]. */
  head?: Float32Array;
}

/** What an adapter has beyond low-rank updates of linear layers and a scalar head, in a few words; empty: nothing. */
export function beyondLora(parts: AdapterParts): string[] {
  const found = new Set<string>();
  for (const name of parts.replaced.keys())
    if (name !== HEAD) found.add(name.endsWith(".bias") ? "trained biases" : "whole trained weights");
  if (parts.tokenRows.size > 0) found.add("trained tokens");
  if (parts.config.use_dora) found.add("DoRA");
  if (isOlora(parts)) found.add("OLoRA");
  for (const [name, { bias }] of parts.lowRank) {
    if (bias) found.add("biases of LoRA");
    if (!isBlockLinear(name)) found.add("LoRA on an embedding or head");
  }
  return [...found];
}

const isOlora = ({ config: { init_lora_weights: start } }: AdapterParts): boolean =>
  typeof start === "string" && start.toLowerCase() === "olora";
/** Whether a module that is adapted is a linear layer of a block. */
const isBlockLinear = (module: string): boolean => module.startsWith("model.layers.");

/** Applies an adapter. @throws PlumbError, which names what, if it does not fit the base or cannot be applied to it. */
export async function adaptBase(
  runtime: Runtime,
  model: ModelConfig,
  base: Weights,
  parts: AdapterParts,
): Promise<AdaptedModel> {
  const beyond = beyondLora(parts);
  const head = parts.replaced.get(HEAD)?.data;
  const apart = [...parts.lowRank].filter(([name]) => isBlockLinear(name) && !parts.config.use_dora);
  const update = apart.length > 0 ? loraUpdate(model, new Map(apart)) : undefined;
  const rest = { ...(update && { update }), ...(head && { head }) };
  if (beyond.length === 0) return { config: model, base, ...rest };
  if (isInt8(base)) {
    throw new PlumbError(
      `${parts.dir} has ${beyond.join(" and ")}, which a base stored in 8 bits cannot take`,
      {
        hint: "Fold it into the model that was converted: plumb convert --model ORIGINAL --adapter DIR --quantize int8.",
      },
    );
  }
  const changes = new Changes(model, base, parts);
  await changes.apply();
  const config = await changes.config();
  return { config, base: changes.weights(runtime, config), ...rest };
}

const EMBEDDING = "model.embed_tokens";
const OUTPUT = "lm_head";
/** The modules that are one where a model ties its output head to its embedding. */
const PARTNER: Readonly<Record<string, string>> = { [EMBEDDING]: OUTPUT, [OUTPUT]: EMBEDDING };

/** The new weights of a base, on the host until all are known. */
class Changes {
  private readonly own = new Map<string, TensorData>();
  private readonly base: Weights;
  private readonly tied: boolean;

  constructor(
    private readonly model: ModelConfig,
    base: Weights,
    private readonly parts: AdapterParts,
  ) {
    const embedding = base.get(`${EMBEDDING}.weight`);
    this.tied = model.tieWordEmbeddings && model.head !== "score" && embedding !== undefined;
    this.base = this.tied && embedding ? new Map([...base, [`${OUTPUT}.weight`, embedding]]) : base;
  }

  /** A weight as it is now. @throws PlumbError if the model has none of that name. */
  private async current(name: string): Promise<TensorData> {
    const own = this.own.get(name);
    if (own) return own;
    const buffer = this.base.get(name);
    if (!buffer)
      throw new PlumbError(`${this.parts.dir}: the adapter changes ${name}, which this model does not have.`);
    return { shape: [...buffer.shape], data: await readFloats(buffer) };
  }

  /** In peft's order: what a module was initialised with, what the file has in its place, and what is added to it. */
  async apply(): Promise<void> {
    const { replaced, tokenRows, lowRank } = this.parts;
    if (isOlora(this.parts)) for (const [module, one] of lowRank) await this.takeOut(module, one);
    for (const [name, tensor] of replaced) {
      if (name === HEAD) continue;
      await this.current(name);
      this.own.set(name, tensor);
      // A weight that modules_to_save does not name is written into the base's own, which the other name shares.
      const module = name.replace(/\.weight$/, "");
      const other = this.tied && !this.parts.saved.has(module) && PARTNER[module];
      if (other && !replaced.has(`${other}.weight`)) this.own.set(`${other}.weight`, tensor);
    }
    for (const [module, rows] of tokenRows) {
      await this.setRows(`${module}.weight`, rows);
      if (this.tied && module === EMBEDDING && !tokenRows.has(OUTPUT))
        await this.setRows(`${OUTPUT}.weight`, rows);
    }
    for (const [module, one] of lowRank) {
      const name = `${module}.weight`;
      const byColumn = module.startsWith("model.embed");
      if (one.magnitude) this.own.set(name, dorized(await this.current(name), one, one.magnitude, byColumn));
      else if (!isBlockLinear(module)) this.own.set(name, plusProduct(await this.current(name), one));
      if (one.bias) await this.addBias(module, one.scale, one.bias);
    }
  }

  private async takeOut(module: string, one: LowRank): Promise<void> {
    const layouts = architectureOf(this.model).names?.layouts;
    const layout = layouts?.[module.replace(/\.\d+\./, ".*.")];
    if (layout === "transposed" || module.startsWith("model.embed"))
      throw new PlumbError(`${this.parts.dir}: OLoRA on ${module} is not supported.`);
    this.own.set(`${module}.weight`, lessOlora(await this.current(`${module}.weight`), one));
  }

  private async setRows(
    name: string,
    { ids, rows }: { ids: readonly number[]; rows: Float32Array },
  ): Promise<void> {
    const { shape, data } = await this.current(name);
    const out = Float32Array.from(data);
    for (const [i, id] of ids.entries())
      out.set(rows.subarray(i * shape[1], (i + 1) * shape[1]), id * shape[1]);
    this.own.set(name, { shape, data: out });
  }

  /** Adds scale b; a layer without a bias gets one. */
  private async addBias(module: string, scale: number, bias: Float32Array): Promise<void> {
    const name = `${module}.bias`;
    const before = this.own.has(name) || this.base.has(name) ? (await this.current(name)).data : undefined;
    this.own.set(name, { shape: [bias.length], data: bias.map((b, i) => scale * b + (before?.[i] ?? 0)) });
  }

  /** The configuration of a model with these weights. @throws PlumbError if embedding and head differ in tokens. */
  async config(): Promise<ModelConfig> {
    const { model, own } = this;
    const [input, output] = [`${EMBEDDING}.weight`, `${OUTPUT}.weight`];
    const shapeOf = (name: string) => own.get(name)?.shape ?? this.base.get(name)?.shape;
    const [vocabSize] = shapeOf(input) as number[];
    const [outputs] = shapeOf(output) ?? [vocabSize];
    if (outputs !== vocabSize) {
      throw new PlumbError(
        `${this.parts.dir}: the adapter's embedding has ${vocabSize} tokens, the output head ${outputs}`,
        { hint: "Save both with it (modules_to_save), or merge it in peft." },
      );
    }
    const changed = own.has(input) || own.has(output);
    const equal = !changed || same((await this.current(input)).data, (await this.current(output)).data);
    const added = (end: string) => [...own.keys()].some((name) => name.endsWith(end) && !this.base.has(name));
    const biased = ["q_proj.bias", "k_proj.bias", "v_proj.bias", "qkv_proj.bias"].some(added);
    const config = {
      ...model,
      vocabSize,
      tieWordEmbeddings: this.tied ? equal : model.tieWordEmbeddings,
      qkvBias: model.qkvBias || biased,
      outputBias: model.outputBias || added("o_proj.bias"),
      mlpBias:
        model.mlpBias ||
        ["gate_proj.bias", "up_proj.bias", "gate_up_proj.bias", "down_proj.bias"].some(added),
    };
    // Llama and Qwen3 have one switch for the biases of attention; those that are not trained are zero.
    const both = config.qkvBias || config.outputBias;
    return canSayBiases(config) ? config : { ...config, qkvBias: both, outputBias: both };
  }

  /** All weights that a model of the configuration has. */
  weights(runtime: Runtime, config: ModelConfig): Weights {
    const weights = new Map<string, DeviceBuffer>();
    for (const [name, shape] of expectedWeights(config)) {
      const own = this.own.get(name);
      const kept = this.base.get(name);
      if (own) weights.set(name, runtime.adopt("f32", shape, inOwnMemory(own.data), name));
      else if (kept) weights.set(name, kept);
      else weights.set(name, runtime.adopt("f32", shape, allocateF32(shape[0]), name)); // a bias of zeros
    }
    return weights;
  }
}

const same = (a: Float32Array, b: Float32Array): boolean =>
  a === b || (a.length === b.length && a.every((value, i) => value === b[i]));

/** Values in an ArrayBuffer that nothing else uses, which a runtime may keep. */
function inOwnMemory(data: Float32Array): Float32Array<ArrayBuffer> {
  const out = allocateF32(data.length);
  out.set(data);
  return out;
}

/**
 * Updates as matrices of all layers. Where ranks or scales differ, matrices are filled up with zeros to the greatest
 * rank, and scales are multiplied into B; layers that are not adapted have zeros. Zeros stay zeros in training.
 */
export function loraUpdate(config: ModelConfig, updates: ReadonlyMap<string, LowRank>): LoraUpdate {
  const all = [...updates.values()];
  const r = Math.max(...all.map((one) => one.r));
  const alike = all.every((one) => one.r === r && one.scale === all[0].scale);
  const targets = loraLinears(config)
    .filter(({ module }) => [...updates.keys()].some((name) => name.endsWith(`.${module}`)))
    .map(({ name }) => name);
  const lora = { r, alpha: alike ? all[0].scale * r : r, targets };
  const tensors = new Map<string, TensorData>();
  for (const { name, shape } of loraSpecs(config, lora)) {
    const one = updates.get(name.replace(/\.lora_[AB]\.weight$/, ""));
    const isA = name.endsWith(".lora_A.weight");
    const data = new Float32Array(shape[0] * shape[1]);
    const factor = alike || isA || !one ? 1 : one.scale;
    if (one?.experts !== undefined) {
      const rows = isA ? one.a : one.b;
      const block = one.r * shape[1];
      for (let e = 0; e < one.experts; e++)
        data.set(
          rows.subarray(e * block, (e + 1) * block).map((value) => factor * value),
          e * r * shape[1],
        );
    } else if (one && isA) data.set(one.a);
    else if (one) {
      for (let o = 0; o < shape[0]; o++)
        for (let k = 0; k < one.r; k++) data[o * r + k] = factor * one.b[o * one.r + k];
    }
    tensors.set(name, { shape: [...shape], data });
  }
  return { lora, tensors };
}
