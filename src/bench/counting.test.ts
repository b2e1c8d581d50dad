import { expect, test } from "vitest";
import { smallConfig, smallWeights } from "../../test/tiny-network.js";
import { CountingRuntime } from "../runtime/counting-runtime.js";
import { matrixElements } from "./shapes.js";
import { TrainingStep } from "./steps.js";

const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

test("a training step runs on the counting runtime: its buffers and operations are counted", async () => {
  const runtime = new CountingRuntime();
  const config = smallConfig();
  const weights = smallWeights(runtime, config);
  const bytes = [...weights.values()].reduce((n, { shape }) => n + 4 * elements(shape), 0);
  expect(runtime.bufferBytes).toBe(bytes);

  const step = new TrainingStep(runtime, config, weights, "full", 2, 16);
  // Beside the weights: parameters, gradients and the optimiser's two moments.
  expect(runtime.bufferBytes).toBe(5 * bytes);
  await step.run();
  const once = runtime.flops;
  // Attention's products come on top of those with matrices.
  const products = 6 * (2 * 16) * matrixElements(config);
  expect(once / products).toBeGreaterThan(1);
  expect(once / products).toBeLessThan(1.3);
  await step.run();
  expect(runtime.flops).toBe(2 * once);
});

test("recomputation takes less memory and more operations, fewer rows take less of both", async () => {
  const count = async (rows: number, recompute: boolean): Promise<CountingRuntime> => {
    const runtime = new CountingRuntime();
    const config = smallConfig({ layers: 6 });
    const weights = smallWeights(runtime, config);
    await new TrainingStep(runtime, config, weights, "lora", rows, 32, { recompute }).run();
    return runtime;
  };
  const [kept, again, fewer] = [await count(8, false), await count(8, true), await count(2, true)];
  expect(again.activationBytes).toBeLessThan(0.5 * kept.activationBytes);
  expect(again.flops).toBeGreaterThan(1.2 * kept.flops);
  expect(fewer.activationBytes).toBeLessThan(0.4 * again.activationBytes);
  expect(fewer.flops).toBeLessThan(0.3 * again.flops);
});
