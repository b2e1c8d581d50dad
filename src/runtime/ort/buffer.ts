import { elementCount } from "../../base/element-count.js";
import type { DType } from "../../tensor/index.js";
import { fill, HOST_ARRAYS, partOf } from "../feeds.js";
import type { DeviceBuffer, HostArray, Stretches } from "../runtime.js";
import { call, create, ELEMENT_TYPE, type Pointer } from "./api.js";

/** A new array of `length` zeros of a type. It is never on V8's moving heap. */
export function allocate(dtype: DType, length: number): HostArray {
  const Type = HOST_ARRAYS[dtype];
  return new Type(new ArrayBuffer(length * Type.BYTES_PER_ELEMENT));
}

let cpuMemory: Pointer;
/** OrtMemoryInfo of host memory: OrtDeviceAllocator, OrtMemTypeDefault. */
function cpuMemoryInfo(): Pointer {
  cpuMemory ??= create("CreateCpuMemoryInfo", 0, 0);
  return cpuMemory;
}

let made = 0;

/** The number of live native values, with which tests show that none leaks. */
export const liveValues = { count: 0 };

/**
 * Owns one native value (OrtValue) over a typed array, and with it the only native pointer to that array. The array
 * stays alive as long as this object; a released buffer throws instead of returning a stale pointer.
 */
export class OrtBuffer implements DeviceBuffer {
  /** Identifies the native value; a number is never used twice in a process. */
  readonly id = made++;
  private value: Pointer | undefined;
  private readonly array: HostArray;
  private readonly views = new Set<OrtBuffer>();
  private parent: OrtBuffer | undefined;
  private readonly users = new Set<symbol>();

  /** Wraps an array without a copy. The array must be a view of its own ArrayBuffer, not of a small pooled one. */
  constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
    array: HostArray,
    readonly label = "buffer",
  ) {
    const length = elementCount(shape);
    if (!(array instanceof HOST_ARRAYS[dtype]) || array.length < length) {
      throw new Error(
        `${label}: ${array.constructor.name} of ${array.length} cannot hold ${dtype}[${shape.join(", ")}]`,
      );
    }
    this.array = array;
    const dims = BigInt64Array.from(shape.length === 0 ? [0] : shape, BigInt);
    const bytes = length * array.BYTES_PER_ELEMENT;
    const type = ELEMENT_TYPE[dtype];
    this.value = create(
      "CreateTensorWithDataAsOrtValue",
      cpuMemoryInfo(),
      array,
      bytes,
      dims,
      shape.length,
      type,
    );
    liveValues.count++;
  }

  /** The native value, for immediate use in a call. @throws Error if the buffer was released. */
  pointer(): Pointer {
    if (this.value === undefined) throw new Error(`${this.label} was released and can no longer be used`);
    return this.value;
  }

  /** The memory itself. */
  values(): HostArray {
    this.pointer();
    const length = elementCount(this.shape);
    return length === this.array.length ? this.array : (this.array.subarray(0, length) as HostArray);
  }

  /** A view, as the memory is the host's. */
  async read(): Promise<HostArray> {
    return this.values();
  }

  async write(data: HostArray): Promise<void> {
    this.checkIdle();
    fill(this.label, this.dtype, this.shape, this.values(), [data]);
  }

  async copyFrom(source: OrtBuffer, stretches?: Stretches): Promise<void> {
    if (stretches === undefined) return this.write(source.values());
    this.checkIdle();
    const [into, from] = [this.values(), source.values()];
    for (const part of partOf(stretches))
      into.set(from.subarray(part.from, part.from + part.length) as never, part.to);
  }

  /** @throws Error if a run uses the memory, or a program keeps a packed copy of it. */
  private checkIdle(): void {
    if (this.inUse())
      throw new Error(`${this.label} is in use by a run or a program and cannot be written to`);
  }

  view(shape: readonly number[], offset = 0): OrtBuffer {
    this.pointer();
    const length = elementCount(shape);
    if (!Number.isInteger(offset) || offset < 0 || offset + length > this.array.length) {
      throw new Error(
        `${this.label}: a view of ${length} elements at ${offset} exceeds ${this.array.length}`,
      );
    }
    const view = new OrtBuffer(this.dtype, shape, this.array.subarray(offset, offset + length), this.label);
    view.parent = this;
    this.views.add(view);
    return view;
  }

  /** Marks the buffer as used by native code; it cannot be released meanwhile. */
  hold(user: symbol): void {
    this.users.add(user);
  }

  letGo(user: symbol): void {
    this.users.delete(user);
  }

  private inUse(): boolean {
    return this.users.size > 0 || [...this.views].some((view) => view.inUse());
  }

  release(): void {
    if (this.value === undefined) return;
    if (this.inUse()) throw new Error(`${this.label} is in use by a run or a program and cannot be released`);
    for (const view of [...this.views]) view.release();
    call("ReleaseValue", this.value);
    this.value = undefined;
    this.parent?.views.delete(this);
    liveValues.count--;
  }
}
