import { elementCount } from "../base/element-count.js";
import { RandomStream } from "../base/random.js";
import type { DeviceBuffer, Runtime } from "../runtime/runtime.js";
import type { ModelConfig } from "./config.js";
import { allocateF32 } from "./formats/weights.js";
import { loraTargets } from "./lora-targets.js";
import {
  flatParameters,
  initialHead,
  initialLora,
  type LoraConfig,
  loraSpecs,
  type Network,
  type ParameterSpec,
  type Weights,
} from "./network.js";
import { expectedWeights } from "./weight-names.js";

/**
 * New weights for training from scratch: matrices normal with std 0.02, those that write to the residual stream divided
 * by sqrt(2 layers) (Radford et al. 2019), norms that multiply by 1, biases 0.
 */
export function randomWeights(runtime: Runtime, config: ModelConfig, seed: number): Weights {
  const weights = new Map<string, DeviceBuffer>();
  for (const [name, shape] of expectedWeights(config)) {
    const data = allocateF32(elementCount(shape));
    const residual = /(o_proj|down_proj)\.weight$/.test(name) ? Math.sqrt(2 * config.layers) : 1;
    if (name.endsWith("norm.weight")) data.fill(config.unitOffsetNorm ? 0 : 1);
    else if (!name.endsWith(".bias"))
      new RandomStream(seed, `initialize/${name}`).fillNormal(data, 0.02 / residual);
    weights.set(name, runtime.adopt("f32", shape, data, name));
  }
  return weights;
}

/** The parameter of a scalar head. */
export const HEAD = "score.weight";
/** Specification of the scalar head; empty without one. */
export const headSpecs = (config: ModelConfig, head: boolean): ParameterSpec[] =>
  head ? [{ name: HEAD, shape: [1, config.hiddenSize] }] : [];

/** The model without trainable parameters. */
export const frozenNetwork = (runtime: Runtime, config: ModelConfig, base: Weights): Network => ({
  config,
  frozen: base,
  trainable: flatParameters(runtime, []),
});

const headStart = (head: "none" | "random" | "zero", seed: number): RandomStream | "zero" =>
  head === "zero" ? head : new RandomStream(seed, "initialize/head");

/** A frozen base with a new LoRA adapter (a no-op until trained) and, unless `head` is "none", a scalar head. */
export function loraNetwork(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  settings: LoraConfig,
  seed: number,
  head: "none" | "random" | "zero" = "none",
): Network {
  const lora = { ...settings, targets: loraTargets(config, settings.targets) };
  const specs = [...loraSpecs(config, lora), ...headSpecs(config, head !== "none")];
  const random = new RandomStream(seed, "initialize/lora");
  const trainable = flatParameters(runtime, specs, (spec) =>
    spec.name === HEAD ? initialHead(spec, headStart(head, seed)) : initialLora(spec, random),
  );
  return { config, frozen: base, trainable, lora };
}

/** All weights trainable, copied from `weights`, and, unless `head` is "none", a scalar head. */
export function fullNetwork(
  runtime: Runtime,
  config: ModelConfig,
  weights: Weights,
  seed = 0,
  head: "none" | "random" | "zero" = "none",
): Network {
  const specs = [...weights].map(([name, buffer]) => ({ name, shape: buffer.shape }));
  const scored = headSpecs(config, head !== "none" && !weights.has(HEAD));
  const trainable = flatParameters(
    runtime,
    [...specs, ...scored],
    (spec) => weights.get(spec.name) ?? initialHead(spec, headStart(head, seed)),
  );
  return { config, frozen: new Map(), trainable };
}

/** Copies a network's trainable parameters into another network of the same layout. */
export async function copyTrainable(from: Network, to: Network): Promise<void> {
  for (const [name, buffer] of from.trainable.byName) await to.trainable.byName.get(name)?.copyFrom(buffer);
}
