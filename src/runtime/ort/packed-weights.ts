import { call, create, type Pointer } from "./api.js";
import type { OrtBuffer } from "./buffer.js";

/**
 * Packed copies of some frozen weights in the layout that matrix products read; programs over these weights share them.
 */
export interface PackedSet {
  /** OrtPrepackedWeightsContainer. */
  readonly pointer: Pointer;
  /** Compiled programs that use it; 0 once it is released. */
  programs: number;
}

/**
 * Keeps packed copies only as long as programs over their weights. ONNX Runtime frees a container's copies only with
 * the container, so weights that have a program in common share one, which is released with its last program.
 */
export class PackedWeights {
  /** Number of live sets. */
  count = 0;
  private readonly setOf = new WeakMap<OrtBuffer, PackedSet>();

  /** The set for a program over these weights: one that already holds any of them, or a new one. */
  use(weights: readonly OrtBuffer[]): PackedSet {
    const set = weights.map((weight) => this.find(weight)).find((known) => known) ?? this.create();
    set.programs++;
    for (const weight of weights) if (!this.find(weight)) this.setOf.set(weight, set);
    return set;
  }

  /** Ends a program's use of the set; its session must have been released. */
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
