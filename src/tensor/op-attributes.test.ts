import { expect, it } from "vitest";
import * as t from "./index.js";

const x = t.constant(Float32Array.of(1, 2), [2]);

/** An operation of one input that keeps its type. */
const like = <N extends t.Op["name"]>(name: N): t.Op<N> => ({
  name,
  types: ([input]) => [{ shape: input.shape, dtype: input.dtype }],
});

it("a node has its operation's attributes, and the compiler knows their types", () => {
  const [y] = t.applyWith(like("cast"), [x], { dtype: "i32" });
  expect(y.node.attributes).toEqual({ dtype: "i32" });
  const node: t.Node = y.node;
  expect(t.isNodeOf(node, "clip")).toBe(false);
  expect(t.isNodeOf(node, "cast") && node.attributes.dtype).toBe("i32");
});

it("attributes of another operation, and tables that read them, do not compile", () => {
  const never: ((node: t.Node) => unknown)[] = [
    // @ts-expect-error there is no such type
    () => t.applyWith(like("cast"), [x], { dtype: "f16" }),
    // @ts-expect-error a bound is missing
    () => t.applyWith(like("clip"), [x], { low: 0 }),
    // @ts-expect-error another operation's attribute
    () => t.applyWith(like("cast"), [x], { axis: 0 }),
    // @ts-expect-error an operation without attributes
    () => t.applyWith(like("exp"), [x], { axis: 0 }),
    // @ts-expect-error an operation with attributes is given none
    () => t.apply(like("reshape"), [x]),
    // @ts-expect-error there is no operation of this name
    () => like("exponential"),
    // @ts-expect-error attributes are known once the operation is
    (node) => node.attributes.axis,
    // @ts-expect-error a slice has a start and an end, and no low
    (node) => t.isNodeOf(node, "slice") && node.attributes.low,
  ];
  const table: { readonly [N in "clip" | "cast"]: (node: t.Node<N>) => unknown } = {
    clip: ({ attributes }) => attributes.high,
    // @ts-expect-error a cast has no bounds
    cast: ({ attributes }) => attributes.high,
  };
  expect([...never, ...Object.values(table)].every((f) => typeof f === "function")).toBe(true);
});
