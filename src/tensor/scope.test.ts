import { expect, test } from "vitest";
import { gradients } from "./gradient.js";
import { topologicalOrder, trace } from "./graph.js";
import { exp, mul } from "./ops/elementwise.js";
import { sum } from "./ops/reduce.js";
import { currentScope, scoped } from "./scope.js";

test("nodes know where they belong, and their gradients belong there too", () => {
  const { outputs } = trace("places", { x: { shape: [2], dtype: "f32" } }, ({ x }) => {
    const y = scoped("layers.1", () => scoped("mlp", () => mul(exp(x), x)));
    return { dx: gradients(sum(y), [x])[0] };
  });
  const seen = topologicalOrder(outputs.values()).map(
    ({ op, scope }) => `${scope.path}/${op.name}${scope.backward ? " backward" : ""}`,
  );
  expect(seen).toContain("layers.1/mlp/exp");
  expect(seen).toContain("layers.1/mlp/mul backward");
  expect(seen).toContain("layers.1/mlp/add backward");
  expect(seen.filter((name) => name.startsWith("/") && !name.endsWith("backward"))).toEqual([
    "/constant",
    "/input",
  ]);
});

test("an error on the way leaves the place as it was", () => {
  expect(() =>
    scoped("layers.0", () => {
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(currentScope().path).toBe("");
});
