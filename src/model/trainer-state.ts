import type { TensorRecord } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import type { NetworkTrainer } from "./runner.js";

/** What of a trainer outlives a step: trainable parameters and AdamW's moments, each one flat vector. */
const vectors = ({ network, optimizer }: NetworkTrainer) =>
  [
    ["parameters", network.trainable.flat],
    ["first-moment", optimizer.m],
    ["second-moment", optimizer.v],
  ] as const;

/** A trainer's tensors for a checkpoint: views, not copies. The count of updates is kept by the caller. */
export function trainerTensors(prefix: string, trainer: NetworkTrainer): Map<string, TensorRecord> {
  return new Map(
    vectors(trainer).map(([name, buffer]) => {
      const data = buffer.data() as Float32Array;
      return [`${prefix}.${name}`, { dtype: "f32", shape: [data.length], data }];
    }),
  );
}

/**
 * Puts a trainer back to where its tensors were taken.
 * @param updates optimiser steps done by then. @throws PlumbError when the checkpoint is of another network.
 */
export function restoreTrainer(
  prefix: string,
  trainer: NetworkTrainer,
  tensors: ReadonlyMap<string, TensorRecord>,
  updates: number,
): void {
  for (const [name, buffer] of vectors(trainer)) {
    const saved = tensors.get(`${prefix}.${name}`);
    const data = buffer.data() as Float32Array;
    if (saved?.dtype !== "f32" || saved.data.length !== data.length) {
      throw new PlumbError(`the checkpoint's ${prefix}.${name} does not fit the network that is trained`, {
        hint: "Resume with the model, adapters and LoRA settings that the run was started with.",
      });
    }
    data.set(saved.data);
  }
  trainer.optimizer.steps = updates;
}
