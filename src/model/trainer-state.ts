import type { TensorRecord } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import { readFloats } from "../runtime/read.js";
import type { DeviceBuffer } from "../runtime/runtime.js";
import type { Network } from "./network.js";
import type { NetworkTrainer } from "./runner.js";

/** The state that a trainer keeps between steps: trainable parameters and AdamW's moments, each one flat vector. */
const vectors = ({ network, optimizer }: NetworkTrainer) =>
  [
    ["parameters", network.trainable.flat],
    ["first-moment", optimizer.m],
    ["second-moment", optimizer.v],
  ] as const;

/** A trainer's tensors for a checkpoint, valid until its next step. The caller saves the number of updates. */
export const trainerTensors = (prefix: string, trainer: NetworkTrainer): Promise<Map<string, TensorRecord>> =>
  tensorsOf(prefix, vectors(trainer));

/** The tensors of a network that changes and is not trained, such as a reference that follows the policy. */
export const networkTensors = (prefix: string, { trainable }: Network): Promise<Map<string, TensorRecord>> =>
  tensorsOf(prefix, [["parameters", trainable.flat]]);

async function tensorsOf(
  prefix: string,
  buffers: readonly (readonly [string, DeviceBuffer])[],
): Promise<Map<string, TensorRecord>> {
  const tensors = new Map<string, TensorRecord>();
  for (const [name, buffer] of buffers) {
    const data = await readFloats(buffer);
    tensors.set(`${prefix}.${name}`, { dtype: "f32", shape: [data.length], data });
  }
  return tensors;
}

/**
 * Restores a trainer to the state from which the tensors were taken.
 * @param updates optimiser steps done by then. @throws PlumbError if the checkpoint belongs to another network.
 */
export async function restoreTrainer(
  prefix: string,
  trainer: NetworkTrainer,
  tensors: ReadonlyMap<string, TensorRecord>,
  updates: number,
): Promise<void> {
  await restore(prefix, vectors(trainer), tensors);
  trainer.optimizer.steps = updates;
}

/** Restores a network from `networkTensors`. @throws PlumbError if the checkpoint belongs to another network. */
export const restoreNetwork = (
  prefix: string,
  { trainable }: Network,
  tensors: ReadonlyMap<string, TensorRecord>,
): Promise<void> => restore(prefix, [["parameters", trainable.flat]], tensors);

async function restore(
  prefix: string,
  buffers: readonly (readonly [string, DeviceBuffer])[],
  tensors: ReadonlyMap<string, TensorRecord>,
): Promise<void> {
  for (const [name, buffer] of buffers) {
    const saved = tensors.get(`${prefix}.${name}`);
    if (saved?.dtype !== "f32" || saved.data.length !== buffer.shape[0]) {
      throw new PlumbError(`the checkpoint's ${prefix}.${name} does not fit the network to be trained`, {
        hint: "Resume with the model, adapters and LoRA settings that the run was started with.",
      });
    }
    await buffer.write(saved.data);
  }
}
