import { expect, test } from "vitest";
import { gradients, mul, scoped, sum, topologicalOrder, trace } from "../../tensor/index.js";
import { nodeName, nodeOrigin } from "./node-name.js";

test("a name tells where its node comes from, also after the runtime added to it", () => {
  const { outputs } = trace("names", { x: { shape: [2], dtype: "f32" } }, ({ x }) => ({
    dx: gradients(
      scoped("layers.0", () => scoped("mlp", () => sum(mul(x, x)))),
      [x],
    )[0],
  }));
  const last = topologicalOrder(outputs.values()).at(-1)!;
  const name = nodeName(last, 7);
  expect(name).toBe("layers.0/mlp/add#backward:7");
  const origin = { path: "layers.0/mlp", op: "add", backward: true };
  expect(nodeOrigin(name)).toEqual(origin);
  expect(nodeOrigin(`${name}/MatmulTransposeFusion/`)).toEqual(origin);
  expect(nodeOrigin("add#forward:3")).toEqual({ path: "", op: "add", backward: false });
  expect(nodeOrigin("QuickGelu_token_12")).toBeUndefined();
});
