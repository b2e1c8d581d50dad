/**
 * Trainers as new that share what was compiled: compiling takes most of the time of a short training of a tiny network.
 */
import type { Network } from "../src/model/network.js";
import { NetworkTrainer, type TrainerConfig } from "../src/model/runner.js";
import type { Runtime } from "../src/runtime/runtime.js";
import { memoryOf } from "./buffers.js";

/** One trainer in the place of several whose networks have the same configuration and the same frozen weights. */
export class SameTrainer {
  private own: NetworkTrainer | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly config: TrainerConfig,
  ) {}

  /** The trainer as a new one of this network is, until the next is asked for. None of its steps may be under way. */
  async of(network: Network): Promise<NetworkTrainer> {
    if (this.own === undefined) {
      this.own = new NetworkTrainer(this.runtime, network, this.config);
      return this.own;
    }
    const { optimizer, gradients, network: own } = this.own;
    await own.trainable.flat.write(memoryOf(network.trainable.flat).slice());
    for (const zeros of [gradients.flat, optimizer.m, optimizer.v])
      await zeros.write(new Float32Array(zeros.shape[0]));
    optimizer.steps = 0;
    return this.own;
  }
}
