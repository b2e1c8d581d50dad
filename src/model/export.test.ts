import { expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { smallConfig, smallLora, smallWeights } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { mergedWeights } from "./export.js";

test("merged weights are W + (alpha / r) B A, whatever the pieces they come in", async () => {
  const runtime = new OrtRuntime();
  const base = smallWeights(runtime, smallConfig());
  const network = smallLora(runtime, base);
  for (const [name, buffer] of network.trainable.byName)
    new RandomStream(3, name).fillNormal(memoryOf(buffer), 0.3);

  for (const pieceElements of [1, 100, 2 ** 20]) {
    for (const [name, { shape, adapted, pieces }] of mergedWeights(network, pieceElements)) {
      const w = memoryOf(base.get(name));
      const layer = name.replace(/\.weight$/, "");
      const [a, b] = ["A", "B"].map((side) => {
        const matrix = network.trainable.byName.get(`${layer}.lora_${side}.weight`);
        return matrix && memoryOf(matrix);
      });
      expect(adapted).toBe(a !== undefined);
      const found: number[] = [];
      for await (const piece of pieces()) found.push(...piece);
      const expected = w.map((value, i) => {
        if (!a || !b) return value;
        const [row, column] = [Math.floor(i / shape[1]), i % shape[1]];
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += 2 * b[row * 4 + k] * a[k * shape[1] + column];
        return value + sum;
      });
      expect(Float32Array.from(found)).toEqual(expected);
    }
  }
});
