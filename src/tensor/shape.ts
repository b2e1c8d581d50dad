import { PlumbError } from "../base/errors.js";

/**
 * A dimension is a number, or a symbol that has one value throughout a program: "B", or a product such as "2*B*T" as
 * `multiplyDims` writes it. Symbols are for programs without gradients (decoding); other programs are static.
 */
export type Dim = number | string;
/** Sizes of a tensor's axes; a size that is known only when a program runs has a name. */
export type Shape = readonly Dim[];

export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Thrown when shapes do not fit an operation. The message names the operation and every shape. */
export class ShapeError extends PlumbError {
  constructor(op: string, detail: string, shapes: Shape[]) {
    super(`${op}: ${detail} (shapes: ${shapes.map(formatShape).join(", ") || "none"})`);
    this.name = "ShapeError";
  }
}

/** The product of dimensions in canonical form: a number, or "n*A*B" with sorted symbols. */
export function multiplyDims(...dims: Dim[]): Dim {
  let count = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    if (typeof dim === "number") count *= dim;
    else {
      for (const factor of dim.split("*")) {
        if (/^\d+$/.test(factor)) count *= Number(factor);
        else symbols.push(factor);
      }
    }
  }
  if (symbols.length === 0 || count === 0) return count;
  return [...(count === 1 ? [] : [String(count)]), ...symbols.sort()].join("*");
}

/** The value of a dimension for given symbols. @throws ShapeError if a symbol has no value. */
export function evaluateDim(dim: Dim, symbols: ReadonlyMap<string, number>): number {
  if (typeof dim === "number") return dim;
  let value = 1;
  for (const factor of dim.split("*")) {
    const known = /^\d+$/.test(factor) ? Number(factor) : symbols.get(factor);
    if (known === undefined) throw new ShapeError("run", `the dimension "${factor}" has no value`, []);
    value *= known;
  }
  return value;
}

/** Number of elements of a static shape. @throws ShapeError if the shape is symbolic. */
export function sizeOf(shape: Shape, op = "size"): number {
  const size = multiplyDims(...shape);
  if (typeof size !== "number") throw new ShapeError(op, "needs a static shape", [shape]);
  return size;
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

/** NumPy's broadcasting: shapes are aligned at the right, 1 stretches, and all else must be equal. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const da = a[a.length - rank + i] ?? 1;
    const db = b[b.length - rank + i] ?? 1;
    if (da !== db && da !== 1 && db !== 1) throw new ShapeError(op, "these shapes do not broadcast", [a, b]);
    out.push(da === 1 ? db : da);
  }
  return out;
}

/** Turns a possibly negative axis into one in [0, rank). */
export function normalizeAxis(op: string, axis: number, shape: Shape): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= shape.length) {
    throw new ShapeError(op, `axis ${axis} is outside the shape`, [shape]);
  }
  return positive;
}
