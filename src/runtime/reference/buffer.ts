import { PlumbError } from "../../base/errors.js";
import type { DType } from "../../tensor/index.js";
import { elementCount, fill, partOf } from "../feeds.js";
import type { DeviceBuffer, HostArray, Stretches } from "../runtime.js";

/** Places [start, end) of memory, and what was read of them. */
interface Lent {
  start: number;
  end: number;
  copy: HostArray;
}

/**
 * A buffer in plain memory. It gives copies only, and spoils them when what they were read from changes: whoever relies on a view, or on
 * an array that is no longer valid, computes with NaN here.
 */
export class HostBuffer implements DeviceBuffer {
  private released = false;

  constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
    private readonly array: HostArray,
    private readonly label = "a buffer",
    /** Of the memory that this and its views lie in. */
    private readonly lent = new Set<Lent>(),
    private readonly start = 0,
  ) {}

  /** The memory itself, for kernels, which only read it. */
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

  /** Writes values from a place on. */
  set(data: HostArray, at = 0): void {
    this.values().set(data as never, at);
    this.spoil(at, data.length);
  }

  /** Spoils what was read of places that change. */
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
