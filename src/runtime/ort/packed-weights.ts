import { call, create, type Pointer } from "./api.js";
import type { OrtBuffer } from "./buffer.js";

/** Packed copies of some frozen weights, as matrix products read them; programs over these weights share them. */
export interface PackedSet {
  /** OrtPrepackedWeightsContainer. */
  readonly pointer: Pointer;
  /** Compiled programs that use it; none once it was released. */
  programs: number;
}

/**
 * Keeps packed copies no longer than programs over their weights. ONNX Runtime frees none of a container's copies before
 * the container, so weights that have a program in common share one, and the last program takes it along.
 */
export class PackedWeights {
  /** Sets that are alive. */
  count = 0;
  private readonly setOf = new WeakMap<OrtBuffer, PackedSet>();

  /** The set for a program over these weights: one that holds any of them already, or a new one. */
  use(weights: readonly OrtBuffer[]): PackedSet {
    const set = weights.map((weight) => this.find(weight)).find((known) => known) ?? this.create();
    set.programs++;
    for (const weight of weights) if (!this.find(weight)) this.setOf.set(weight, set);
    return set;
  }

  /** Says that a program over the set is no more; its session must have been released. */
  letGo(set: PackedSet): void {
    if (--set.programs > 0) return;
    call("ReleasePrepackedWeightsContainer", set.pointer);
    this.count--;
  }

  private find(weight: OrtBuffer): PackedSet | undefined {
    const set = this.setOf.get(weight);
    return set && set.programs > 0 ? set : undefined;
  }

  private create(): PackedSet {
    this.count++;
    return { pointer: create("CreatePrepackedWeightsContainer"), programs: 0 };
  }
}
