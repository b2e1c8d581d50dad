import { PlumbError } from "../base/errors.js";
import type { Notices } from "../base/host.js";
import type { Runtime } from "../runtime/runtime.js";
import { type AdaptedModel, adaptBase } from "./adapt-base.js";
import { readAdapterParts } from "./adapter-parts.js";
import type { ModelConfig } from "./config.js";
import { HEAD, headSpecs } from "./create.js";
import { flatParameters, loraSpecs, type Network, type Weights } from "./network.js";

/**
 * A frozen base with an adapter in PEFT's format, including the head if one was saved with it. What the adapter changes
 * beyond linear layers is in the network's frozen weights, and perhaps its configuration.
 *
 * @param notices is told what of the adapter is not used.
 * @throws PlumbError, which names the tensor or key, if the adapter does not fit or is of a kind that is not supported.
 */
export async function adapterNetwork(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  dir: string,
  notices?: Pick<Notices, "warn">,
): Promise<Network> {
  const parts = await readAdapterParts(dir, config);
  for (const warning of parts.warnings) notices?.warn(warning);
  return adaptedNetwork(runtime, await adaptBase(runtime, config, base, parts));
}

/** The network of an adapted model; a scalar head is trainable, as the adapter is. */
export function adaptedNetwork(runtime: Runtime, { config, base, update, head }: AdaptedModel): Network {
  const specs = [...(update ? loraSpecs(config, update.lora) : []), ...headSpecs(config, head !== undefined)];
  const trainable = flatParameters(runtime, specs, ({ name }) => {
    const data = name === HEAD ? head : update?.tensors.get(name)?.data;
    if (!data) throw new PlumbError(`the adapter lacks ${name}`);
    return data;
  });
  const frozen = head && base.has(HEAD) ? new Map([...base].filter(([name]) => name !== HEAD)) : base;
  return { config, frozen, trainable, ...(update && { lora: update.lora }) };
}
