import { elementCount } from "../../base/element-count.js";
import { PlumbError } from "../../base/errors.js";
import type { DType } from "../../tensor/index.js";
import { fill, partOf } from "../feeds.js";
import type { DeviceBuffer, HostArray, Stretches } from "../runtime.js";

/** Elements [start, end) of memory, and a copy that a reader received. */
interface Lent {
  start: number;
  end: number;
  copy: HostArray;
}

/**
 * A buffer in plain memory. Reads return copies, which are overwritten when their source changes: code that relies on a
 * view, or on an array that is no longer valid, computes with NaN here.
 */
export class HostBuffer implements DeviceBuffer {
  private released = false;

  constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
    private readonly array: HostArray,
    private readonly label = "a buffer",
    /** Copies read from the memory that this buffer shares with its views. */
    private readonly lent = new Set<Lent>(),
    private readonly start = 0,
  ) {}

  /** The memory itself, for kernels, which only read it. @throws PlumbError after `release`. */
  values(): HostArray {
    if (this.released) throw new PlumbError(`${this.label} is used after its release`);
    return this.array;
  }

  async read(): Promise<HostArray> {
    const copy = this.values().slice();
    this.lent.add({ start: this.start, end: this.start + copy.length, copy });
    return copy;
  }

  async write(data: HostArray): Promise<void> {
    fill(this.label, this.dtype, this.shape, this.values(), [data]);
    this.spoil(0, data.length);
  }

  async copyFrom(source: HostBuffer, stretches?: Stretches): Promise<void> {
    if (stretches === undefined) return this.write(source.values());
    for (const { from, to, length } of partOf(stretches))
      this.set(source.values().slice(from, from + length) as HostArray, to);
  }

  /** Writes values from element `at` on. */
  set(data: HostArray, at = 0): void {
    this.values().set(data as never, at);
    this.spoil(at, data.length);
  }

  /** Overwrites the copies read from elements that change. */
  private spoil(at: number, length: number): void {
    const [start, end] = [this.start + at, this.start + at + length];
    for (const read of this.lent) {
      if (read.start >= end || read.end <= start) continue;
      new Uint8Array(read.copy.buffer).fill(0xff);
      this.lent.delete(read);
    }
  }

  view(shape: readonly number[], offset = 0): HostBuffer {
    const part = this.values().subarray(offset, offset + elementCount(shape)) as HostArray;
    return new HostBuffer(this.dtype, shape, part, this.label, this.lent, this.start + offset);
  }

  release(): void {
    this.released = true;
  }
}
