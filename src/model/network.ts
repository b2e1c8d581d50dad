import { elementCount } from "../base/element-count.js";
import type { RandomStream } from "../base/random.js";
import type { Parameters } from "../nn/index.js";
import type { DeviceBuffer, Feed, Runtime } from "../runtime/runtime.js";
import type { InputSpec, Tensor } from "../tensor/index.js";
import type { ModelConfig } from "./config.js";
import { LINEAR_NAMES, type LinearName, loraLinears } from "./weight-names.js";

export { LINEAR_NAMES, type LinearName };

/** Weights in memory, by name; several networks may share them. */
export type Weights = ReadonlyMap<string, DeviceBuffer>;

/**
 * A low-rank update of frozen linear layers: W + (alpha / r) B A, with A [r, in] and B [out, r] (Hu et al. 2021,
 * arXiv:2106.09685).
 */
export interface LoraConfig {
  /** Rank of the update. */
  r: number;
  /** The update is scaled by alpha / r. */
  alpha: number;
  /** Layers of the network; `loraTargets` resolves names for several layers or for parts of one. */
  targets: readonly LinearName[];
}

/**
 * A decoder with its parameters in memory. Frozen ones never change and are shared between programs and networks;
 * trainable ones are in one flat buffer, which the optimiser updates.
 *
 * A LoRA policy, its reference and a reward model over the same base are three networks with one `frozen` map.
 */
export interface Network {
  readonly config: ModelConfig;
  readonly frozen: Weights;
  readonly trainable: FlatParameters;
  readonly lora?: LoraConfig;
}

/** A trainable array: its name in files and its shape. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Parameters one after another in one buffer, those with weight decay first. */
export interface FlatParameters {
  readonly flat: DeviceBuffer;
  readonly byName: ReadonlyMap<string, DeviceBuffer>;
  readonly specs: readonly ParameterSpec[];
  /** Number of first elements to which AdamW applies weight decay: matrices. Norms and biases follow. */
  readonly decayed: number;
}

/**
 * Parameters of the given names and shapes. Vectors (norms, biases) come last: they have no weight decay.
 * @param initial returns the initial values of each, called in the order of the buffer; default zeros.
 */
export function flatParameters(
  runtime: Runtime,
  specs: readonly ParameterSpec[],
  initial?: (spec: ParameterSpec) => Feed,
): FlatParameters {
  const ordered = [...specs.filter((s) => s.shape.length > 1), ...specs.filter((s) => s.shape.length <= 1)];
  const length = ordered.reduce((n, s) => n + elementCount(s.shape), 0);
  const flat = runtime.buffer("f32", [length], ...(initial ? ordered.map(initial) : []));
  const byName = new Map<string, DeviceBuffer>();
  let offset = 0;
  let decayed = 0;
  for (const { name, shape } of ordered) {
    byName.set(name, flat.view(shape, offset));
    offset += elementCount(shape);
    if (shape.length > 1) decayed = offset;
  }
  return { flat, byName, specs: ordered, decayed };
}

/** A second flat buffer of the same layout: gradients or optimiser state. */
export const likeParameters = (runtime: Runtime, parameters: FlatParameters): FlatParameters =>
  flatParameters(runtime, parameters.specs);

/**
 * Names and shapes of the LoRA matrices of a configuration. Those of experts lie one below the other: A [experts r, in], and
 * B, which is transposed, [experts r, out].
 */
export function loraSpecs(config: ModelConfig, lora: LoraConfig): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  const changed = loraLinears(config).filter(({ name }) => lora.targets.includes(name));
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { module, shape, experts } of changed) {
      const [out, input] = shape;
      const at = `model.layers.${layer}.${module}`;
      specs.push({ name: `${at}.lora_A.weight`, shape: [(experts ?? 1) * lora.r, input] });
      const b = experts === undefined ? [out, lora.r] : [experts * lora.r, out];
      specs.push({ name: `${at}.lora_B.weight`, shape: b });
    }
  }
  return specs;
}

/**
 * A new LoRA matrix: A uniform in +-1/sqrt(in) (PEFT's Kaiming initialisation), B zero, so that training starts from
 * the base model.
 */
export function initialLora({ name, shape }: ParameterSpec, random: RandomStream): Float32Array {
  const data = new Float32Array(elementCount(shape));
  if (!name.endsWith(".lora_A.weight")) return data;
  const bound = 1 / Math.sqrt(shape[1]);
  for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * bound;
  return data;
}

/** A new reward or value head: normal with std 1/sqrt(D + 1) (Stiennon et al. 2020), or zero. */
export function initialHead({ shape }: ParameterSpec, random: RandomStream | "zero"): Float32Array {
  const data = new Float32Array(elementCount(shape));
  return random === "zero" ? data : random.fillNormal(data, 1 / Math.sqrt(data.length + 1));
}

/** The inputs of a program over this network: one per parameter, frozen or trainable. */
export function networkInputs(network: Network): Record<string, InputSpec> {
  const inputs: Record<string, InputSpec> = {};
  for (const [name, buffer] of network.frozen)
    inputs[name] = { shape: buffer.shape, dtype: buffer.dtype, frozen: true };
  for (const [name, buffer] of network.trainable.byName)
    inputs[name] = { shape: buffer.shape, dtype: buffer.dtype };
  return inputs;
}

/** The network's parameters among a program's traced inputs. */
export function networkParameters(network: Network, inputs: Readonly<Record<string, Tensor>>): Parameters {
  const names = [...network.frozen.keys(), ...network.trainable.byName.keys()];
  const loraScale = network.lora ? network.lora.alpha / network.lora.r : 0;
  return {
    tensors: new Map(names.map((name) => [name, inputs[name]])),
    trainable: new Set(network.trainable.byName.keys()),
    loraScale,
  };
}

/** The inputs of a run over this network, besides its data. */
export const networkFeeds = (network: Network): Record<string, DeviceBuffer> =>
  Object.fromEntries(network.trainable.byName);

/** Number of elements of all parameters. */
export function parameterCount(network: Network): { frozen: number; trainable: number } {
  let frozen = 0;
  for (const buffer of network.frozen.values()) frozen += elementCount(buffer.shape);
  return { frozen, trainable: network.trainable.flat.shape[0] };
}
