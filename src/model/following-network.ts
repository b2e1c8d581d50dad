import type { Runtime } from "../runtime/runtime.js";
import { add, mul, trace } from "../tensor/index.js";
import { copyTrainable } from "./create.js";
import { flatParameters, type Network } from "./network.js";
import { NetworkRunner } from "./runner.js";

/** A network over the same frozen weights whose trainable parameters are a copy of another's. */
export async function copiedNetwork(runtime: Runtime, network: Network): Promise<Network> {
  const copy = { ...network, trainable: flatParameters(runtime, network.trainable.specs) };
  await copyTrainable(network, copy);
  return copy;
}

/** A network that follows another: `sync(share)` moves its parameters to `share` of the other's and the rest of its own. */
export class FollowingNetwork {
  readonly scorer: NetworkRunner;

  constructor(
    private readonly runtime: Runtime,
    private readonly leader: Network,
    readonly network: Network,
  ) {
    this.scorer = new NetworkRunner(runtime, network);
  }

  async sync(share: number): Promise<void> {
    if (share === 1) return copyTrainable(this.leader, this.network);
    const vector = { shape: ["n"], dtype: "f32" } as const;
    const program = trace("reference-sync", { own: vector, other: vector }, (x) => ({
      own: add(mul(x.own, 1 - share), mul(x.other, share)),
    }));
    const feeds = { own: this.network.trainable.flat, other: this.leader.trainable.flat };
    await this.runtime.compile(program).run(feeds);
  }
}
