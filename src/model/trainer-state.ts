import type { TensorRecord } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import { readFloats } from "../runtime/read.js";
import type { NetworkTrainer } from "./runner.js";

/** The state that a trainer keeps between steps: trainable parameters and AdamW's moments, each one flat vector. */
const vectors = ({ network, optimizer }: NetworkTrainer) =>
  [
    ["parameters", network.trainable.flat],
    ["first-moment", optimizer.m],
    ["second-moment", optimizer.v],
  ] as const;

/** A trainer's tensors for a checkpoint, valid until its next step. The caller saves the number of updates. */
export async function trainerTensors(
  prefix: string,
  trainer: NetworkTrainer,
): Promise<Map<string, TensorRecord>> {
  const tensors = new Map<string, TensorRecord>();
  for (const [name, buffer] of vectors(trainer)) {
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
  for (const [name, buffer] of vectors(trainer)) {
    const saved = tensors.get(`${prefix}.${name}`);
    if (saved?.dtype !== "f32" || saved.data.length !== buffer.shape[0]) {
      throw new PlumbError(`the checkpoint's ${prefix}.${name} does not fit the network to be trained`, {
        hint: "Resume with the model, adapters and LoRA settings that the run was started with.",
      });
    }
    await buffer.write(saved.data);
  }
  trainer.optimizer.steps = updates;
}
