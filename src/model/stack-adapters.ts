import { PlumbError } from "../base/errors.js";
import { readFloats } from "../runtime/read.js";
import { beyondLora, loraUpdate } from "./adapt-base.js";
import { theirExperts } from "./adapter-experts.js";
import { pathInClass } from "./adapter-modules.js";
import { readAdapterParts } from "./adapter-parts.js";
import { architectureOf } from "./architectures/index.js";
import { theirWeights } from "./architectures/names.js";
import type { ModelConfig } from "./config.js";
import { HEAD } from "./create.js";
import { peftParameters, peftTargets } from "./lora-targets.js";
import type { LoraConfig, Network } from "./network.js";
import { savePeft, type TensorData } from "./save/index.js";
import { expertsOf, loraLinears } from "./weight-names.js";

/** LoRA matrices by our names, with their scale and the model they are for. */
export interface AdapterTensors {
  config: ModelConfig;
  lora: LoraConfig;
  tensors: Map<string, TensorData>;
}

/** A network's adapter and, if it has one, its scalar head. Valid until the network is trained further. */
export async function adapterTensors({ config, lora, trainable }: Network): Promise<AdapterTensors> {
  if (!lora) throw new Error("the network has no adapter");
  const tensors = new Map<string, TensorData>();
  for (const [name, buffer] of trainable.byName)
    tensors.set(name, { shape: [...buffer.shape], data: await readFloats(buffer) });
  return { config, lora, tensors };
}

/**
 * Reads a PEFT folder that an adapter was trained on, to be saved with it.
 *
 * @throws PlumbError if it has more than low-rank updates of linear layers, which one adapter over the model cannot say.
 */
export async function readAdapter(dir: string, config: ModelConfig): Promise<AdapterTensors> {
  const parts = await readAdapterParts(dir, config);
  const update = loraUpdate(config, parts.lowRank);
  const beyond = [...beyondLora(parts), ...(parts.replaced.has(HEAD) ? ["a scalar head"] : [])];
  if (beyond.length === 0) return { config, ...update };
  throw new PlumbError(
    `${dir} has ${beyond.join(" and ")}, so no adapter can be trained on it and saved over the model`,
    {
      hint: "Make it a model first, and train on that: plumb convert --model MODEL --adapter DIR --out FOLDER. Or train all weights: --set lora=null.",
    },
  );
}

/**
 * Saves an adapter, including its head if it has one, in PEFT's format, under the names of the class that the base's
 * files are of.
 *
 * @param files saved beside it, name to text: a tokenizer that is not the base's, the tokens that end an answer.
 */
export async function saveAdapter(
  dir: string,
  { config, lora, tensors }: AdapterTensors,
  baseModel: string,
  files?: Readonly<Record<string, string>>,
): Promise<void> {
  const head = tensors.has("score.weight");
  const layouts = Object.values(architectureOf(config).names?.layouts ?? {});
  const inClass = pathInClass(config);
  await savePeft(
    dir,
    {
      r: lora.r,
      loraAlpha: lora.alpha,
      targetModules: peftTargets(config, lora.targets),
      targetParameters: peftParameters(config, lora.targets),
      baseModel,
      fanInFanOut: layouts.includes("transposed"),
      taskType: head ? "SEQ_CLS" : "CAUSAL_LM",
      ...(head && { modulesToSave: ["score"] }),
      ...(files && { files }),
    },
    new Map(
      [...theirWeights(config, theirExperts(config, lora, tensors))].map(([name, tensor]) => [
        inClass(name),
        tensor,
      ]),
    ),
  );
}

/**
 * Merges adapters that are stacked on each other into one adapter over the first one's base: with B = [s_1 B_1, s_2
 * B_2, ...] and A = [A_1; A_2; ...], B A = s_1 B_1 A_1 + s_2 B_2 A_2 + ..., where s_i = alpha_i / r_i; alpha = r makes
 * its own scale 1. If an adapter does not change a layer, its part there is zero. Tensors that are not LoRA matrices
 * come from the last adapter.
 */
export function stackAdapters(adapters: readonly AdapterTensors[]): AdapterTensors {
  if (adapters.length === 1) return adapters[0];
  const r = adapters.reduce((n, { lora }) => n + lora.r, 0);
  const [{ config }] = adapters;
  const targets = loraLinears(config)
    .map(({ name }) => name)
    .filter((name) => adapters.some(({ lora }) => lora.targets.includes(name)));
  const tensors = new Map<string, TensorData>();
  const layers = new Set(adapters.flatMap((one) => [...one.tensors.keys()].flatMap(layerOf)));
  for (const layer of layers) {
    const parts = adapters.map(({ lora, tensors: own }) => ({
      lora,
      a: own.get(`${layer}.lora_A.weight`),
      b: own.get(`${layer}.lora_B.weight`),
    }));
    if (!parts.some(({ a, b }) => a && b))
      throw new PlumbError(`an adapter has only one of the two matrices of ${layer}`);
    const experts = expertsOf(config, layer);
    tensors.set(`${layer}.lora_A.weight`, stackedRows(parts, "a", experts ?? 1, r));
    tensors.set(
      `${layer}.lora_B.weight`,
      experts === undefined ? stackedColumns(parts, r) : stackedRows(parts, "b", experts, r),
    );
  }
  for (const [name, tensor] of adapters[adapters.length - 1].tensors) {
    if (layerOf(name).length === 0) tensors.set(name, tensor);
  }
  return { config, lora: { r, alpha: r, targets }, tensors };
}

/** An adapter's matrices of one layer; none if it does not change the layer. */
interface Part {
  lora: LoraConfig;
  a?: TensorData | undefined;
  b?: TensorData | undefined;
}

/** B of a layer, [out, r]: each part's columns, scaled, beside those of the parts before it. */
function stackedColumns(parts: readonly Part[], r: number): TensorData {
  const output = parts.find(({ b }) => b)?.b?.shape[0] as number;
  const data = new Float32Array(output * r);
  let at = 0;
  for (const { lora, b } of parts) {
    const scale = lora.alpha / lora.r;
    for (let o = 0; b && o < output; o++) {
      for (let k = 0; k < lora.r; k++) data[o * r + at + k] = scale * b.data[o * lora.r + k];
    }
    at += lora.r;
  }
  return { shape: [output, r], data };
}

/**
 * A of a layer, [r, in], or either matrix of a layer of experts, A [experts r, in] and B [experts r, out]: of each expert,
 * each part's rows below those of the parts before it. B is scaled.
 */
function stackedRows(parts: readonly Part[], of: "a" | "b", experts: number, r: number): TensorData {
  const width = parts.find((part) => part[of])?.[of]?.shape[1] as number;
  const data = new Float32Array(experts * r * width);
  let at = 0;
  for (const { lora, [of]: tensor } of parts) {
    const scale = of === "a" ? 1 : lora.alpha / lora.r;
    const block = lora.r * width;
    for (let e = 0; tensor && e < experts; e++) {
      const own = tensor.data.subarray(e * block, (e + 1) * block);
      data.set(scale === 1 ? own : own.map((value) => scale * value), (e * r + at) * width);
    }
    at += lora.r;
  }
  return { shape: [experts * r, width], data };
}

/** The linear layer of a LoRA matrix, as a list of one; empty for any other tensor. */
const layerOf = (name: string): string[] => {
  const match = /^(.*)\.lora_[AB]\.weight$/.exec(name);
  return match ? [match[1]] : [];
};
