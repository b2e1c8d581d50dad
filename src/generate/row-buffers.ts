import { elementCount } from "../base/element-count.js";
import type { DeviceBuffer, Runtime, Stretches } from "../runtime/runtime.js";
import type { DType } from "../tensor/index.js";

/** One named block of memory with the same shape for every row. */
export interface RowSpec {
  dtype: DType;
  /** Shape of one row; [] for a scalar. */
  shape: readonly number[];
}

/**
 * Named buffers [rows, ...] that persist across runs; a run uses some consecutive rows of them. A batch that shrinks or
 * grows needs other views, but no other memory.
 */
export class RowBuffers {
  private readonly buffers = new Map<
    string,
    { whole: DeviceBuffer; shape: readonly number[]; size: number }
  >();
  private kept: { count: number; views: Record<string, DeviceBuffer> } | undefined;

  /** Buffers start as zeros; the system allocates memory when it is first written to. */
  constructor(
    runtime: Runtime,
    readonly rows: number,
    specs: Readonly<Record<string, RowSpec>>,
  ) {
    for (const [name, { dtype, shape }] of Object.entries(specs)) {
      const size = elementCount(shape);
      this.buffers.set(name, { whole: runtime.buffer(dtype, [rows * size]), shape, size });
    }
  }

  /** Copies the same elements within each buffer; positions count from the start of the first row. */
  async copy(stretches: Stretches): Promise<void> {
    await Promise.all([...this.buffers.values()].map(({ whole }) => whole.copyFrom(whole, stretches)));
  }

  /** Views of `count` rows from `start`; the caller releases them. */
  slice(start: number, count: number): Record<string, DeviceBuffer> {
    const views = [...this.buffers].map(
      ([name, { whole, shape, size }]) => [name, whole.view([count, ...shape], start * size)] as const,
    );
    return Object.fromEntries(views);
  }

  /** Views of the first `count` rows, kept until the count changes: consecutive steps bind the same ones. */
  first(count: number): Readonly<Record<string, DeviceBuffer>> {
    if (this.kept?.count !== count) {
      this.releaseViews();
      this.kept = { count, views: this.slice(0, count) };
    }
    return this.kept.views;
  }

  private releaseViews(): void {
    for (const view of Object.values(this.kept?.views ?? {})) view.release();
    this.kept = undefined;
  }

  release(): void {
    this.releaseViews();
    for (const { whole } of this.buffers.values()) whole.release();
  }
}
