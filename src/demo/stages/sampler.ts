import { Generator } from "../../generate/index.js";
import type { SftModel } from "./fine-tuning.js";

const samplers = new WeakMap<SftModel, Generator>();

/** The SFT model's generator, which the stages that sample pairs share. */
export function samplerOf(model: SftModel): Generator {
  const { reference, tokenizer } = model;
  const known = samplers.get(model);
  const { runtime, network } = reference;
  const sampler = known ?? new Generator(runtime, network, tokenizer.padId, tokenizer);
  samplers.set(model, sampler);
  return sampler;
}
