/** Adapters as PEFT saves them: adapter_config.json and adapter_model.safetensors. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PlumbError } from "../../base/errors.js";
import { readJson } from "../formats/json-fields.js";
import { openSafetensors } from "../formats/safetensors.js";
import { type OpenWeights, unknownTensor } from "../formats/weights.js";
import { type AdapterConfig, adapterConfig } from "./adapter-config.js";

export interface PeftAdapter {
  config: AdapterConfig;
  /** Named without PEFT's prefix: "model.layers.0.self_attn.q_proj.lora_A.weight", [r, inputs]. */
  weights: OpenWeights;
  /** What of the configuration is not used, in sentences. */
  warnings: string[];
}

/** Prefix of every name in an adapter file. */
export const PEFT_PREFIX = "base_model.model.";

/** adapter_config.json of a folder, checked. @throws PlumbError if it is missing, or what it says is not supported. */
export const readAdapterConfig = async (
  dir: string,
): Promise<{ config: AdapterConfig; warnings: string[] }> =>
  adapterConfig(await readJson(join(dir, "adapter_config.json")));

/** Opens an adapter. @throws PlumbError if a file is missing, or its configuration says what is not supported. */
export async function openPeftAdapter(dir: string): Promise<PeftAdapter> {
  const { config, warnings } = await readAdapterConfig(dir);
  const path = join(dir, "adapter_model.safetensors");
  if (!existsSync(path)) {
    const pickled = existsSync(join(dir, "adapter_model.bin"));
    throw new PlumbError(`${dir} has no adapter_model.safetensors.`, {
      hint: pickled
        ? "It has an adapter_model.bin: load it in peft and save it again, which writes safetensors."
        : "A PEFT adapter is a folder with adapter_config.json and adapter_model.safetensors.",
    });
  }
  return { config, warnings, weights: withoutPrefix(await openSafetensors(path), dir) };
}

function withoutPrefix(weights: OpenWeights, dir: string): OpenWeights {
  const stored = new Map<string, string>();
  for (const name of weights.names()) {
    const short = name.startsWith(PEFT_PREFIX) ? name.slice(PEFT_PREFIX.length) : name;
    if (stored.has(short)) throw new PlumbError(`${dir}: the adapter has two tensors named ${short}.`);
    stored.set(short, name);
  }
  const find = (name: string) => stored.get(name) ?? unknownTensor(name, dir);
  return {
    names: () => [...stored.keys()],
    has: (name) => stored.has(name),
    shape: (name) => weights.shape(find(name)),
    dtype: (name) => weights.dtype(find(name)),
    read: async (name) => weights.read(find(name)),
    close: () => weights.close(),
  };
}
