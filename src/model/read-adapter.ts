import { PlumbError } from "../base/errors.js";
import type { Runtime } from "../runtime/runtime.js";
import { ourWeights } from "./architectures/names.js";
import type { ModelConfig } from "./config.js";
import { HEAD, headSpecs } from "./create.js";
import { openPeftAdapter } from "./load/index.js";
import { layersOfPeft } from "./lora-targets.js";
import { flatParameters, type LoraConfig, loraSpecs, type Network, type Weights } from "./network.js";

/** A frozen base with an adapter in PEFT's format, including the head if one was saved with it. */
export async function adapterNetwork(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  dir: string,
): Promise<Network> {
  const adapter = await openPeftAdapter(dir);
  try {
    const { r, loraAlpha: alpha, targetModules } = adapter.config;
    const lora: LoraConfig = { r, alpha, targets: layersOfPeft(config, targetModules, dir) };
    const weights = ourWeights(config, adapter.weights, dir);
    const specs = [...loraSpecs(config, lora), ...headSpecs(config, weights.has(HEAD))];
    const read = new Map<string, Float32Array>();
    for (const { name, shape } of specs) {
      if (!weights.has(name)) throw new PlumbError(`${dir}: the adapter lacks ${name}`);
      const stored = weights.shape(name);
      if (stored.join() !== shape.join()) {
        throw new PlumbError(
          `${dir}: ${name} is [${stored.join(", ")}], this model needs [${shape.join(", ")}]`,
          {
            hint: "The adapter belongs to another base model.",
          },
        );
      }
      read.set(name, await weights.read(name));
    }
    const trainable = flatParameters(runtime, specs, ({ name }) => read.get(name) as Float32Array);
    return { config, frozen: base, trainable, lora };
  } finally {
    await adapter.weights.close();
  }
}
