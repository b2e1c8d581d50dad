import { describe, expect, test } from "vitest";
import { compiled, f32 } from "../../test/evaluate.js";
import { RandomStream } from "../base/random.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import * as t from "./index.js";
import { gradients, recomputed, type Tensor, topologicalOrder, trace } from "./index.js";

const runtime = new OrtRuntime({ threads: 1 });
const random = new RandomStream(1, "recompute");
const matrix = (n: number) => f32([n, n], random.fillNormal(new Float32Array(n * n), 0.5));
const inputs = { x: matrix(6), a: matrix(6), b: matrix(6) };

type Wrap = (build: () => Tensor) => Tensor;
const plain: Wrap = (build) => build();

/** Two layers, one with a part of its own; and their gradients by the input and both weights. */
function layers(wrap: Wrap, inner: Wrap) {
  return compiled(runtime, inputs, ({ x, a, b }) => {
    const first = wrap(() => {
      const h = t.silu(t.matmul(x, a));
      return t.add(
        inner(() => t.softmax(t.matmul(h, b))),
        x,
      );
    });
    const second = wrap(() => t.tanh(t.mul(t.matmul(first, b), first)));
    const loss = t.sum(t.square(second));
    const [dx, da, db] = gradients(loss, [x, a, b]);
    return { loss, dx, da, db };
  });
}

describe("recomputed", () => {
  test("changes no bit of a value or a gradient, also inside another", async () => {
    const kept = await layers(plain, plain)();
    expect(await layers(recomputed, plain)()).toEqual(kept);
    expect(await layers(recomputed, recomputed)()).toEqual(kept);
  });

  test("computes its part twice, and no gradient through what was made first", () => {
    const spec = { shape: [4, 4], dtype: "f32" } as const;
    trace("count", { x: spec }, ({ x }) => {
      const y = recomputed(() => t.exp(t.exp(t.square(x))));
      const [dx] = gradients(t.sum(y), [x]);
      const count = (roots: Tensor[]) =>
        topologicalOrder(roots).filter((node) => node.op.name === "exp").length;
      expect(count([y])).toBe(2);
      expect(count([dx])).toBe(2);
      expect(count([y, dx])).toBe(4);
      return { dx };
    });
  });

  test("a tensor that was there before is returned as it is", () => {
    trace("same", { x: { shape: [2], dtype: "f32" } }, ({ x }) => {
      expect(recomputed(() => x)).toBe(x);
      return { y: t.exp(x) };
    });
  });
});
