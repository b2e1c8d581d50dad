import { expect, test } from "vitest";
import { compiled, f32, i32, relativeError } from "../../test/evaluate.js";
import { RandomStream } from "../base/random.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { programCost } from "../runtime/program-cost.js";
import { gradients, mul, sum, trace } from "../tensor/index.js";
import { attention, blockBias, blockwiseAttention, causalBias, rowBias } from "./index.js";

const runtime = new OrtRuntime({ threads: 1 });
const T = 600;
const shape = { batch: 2, length: T, heads: 2, kvHeads: 1, headDim: 8 };
const random = new RandomStream(1, "blockwise");
const normal = (columns: number) =>
  f32([2 * T, columns], random.fillNormal(new Float32Array(2 * T * columns)));
const given = {
  q: normal(16),
  k: normal(8),
  v: normal(8),
  w: normal(16),
  sinks: f32([2], [-1, 1.5]),
};

const columns = (of: (t: number) => number) =>
  Array.from({ length: 2 * T }, (_, i) => Math.min(T, of(i % T)));
const DOCUMENTS = columns((t) => 170 * (Math.floor(t / 170) + 1));
/** A trunk of 100 tokens and branches of 90. */
const TREE = columns((t) => (t < 100 ? T : 100 + 90 * (Math.floor((t - 100) / 90) + 1)));

test.each([
  ["causal", undefined, undefined],
  ["with a window", 90, undefined],
  ["with documents in a row", undefined, DOCUMENTS],
  ["with both", 300, DOCUMENTS],
  ["with branches in a row", undefined, TREE],
  ["with sinks", 90, undefined, true],
])(
  "values and gradients are those of whole attention: %s",
  async (_name, window, packed, sinking = false) => {
    const outputs = (blockwise: boolean) =>
      compiled(
        runtime,
        { ...given, segmentEnd: i32([2, T], packed ?? columns(() => T)) },
        ({ q, k, v, w, sinks, segmentEnd }) => {
          const sized = { ...shape, ...(sinking && { sinks }) };
          const whole = () => (packed ? rowBias(segmentEnd, window) : causalBias(T, window));
          const mask = () => ({ bias: blockBias(T, window), window, ...(packed && { segmentEnd }) });
          const y = blockwise
            ? blockwiseAttention(q, k, v, mask(), undefined, sized)
            : attention(q, k, v, whole(), undefined, sized);
          const [dq, dk, dv, ds] = gradients(sum(mul(y, w)), sinking ? [q, k, v, sinks] : [q, k, v]);
          return { y, dq, dk, dv, ...(sinking && { ds }) };
        },
      )();
    const [blocks, all] = [await outputs(true), await outputs(false)];
    for (const name of Object.keys(all)) {
      expect(relativeError(blocks[name] as Float32Array, all[name] as Float32Array)).toBeLessThan(1e-5);
    }
  },
);

test("memory, forwards and backwards, grows linearly with the length of a row", () => {
  const bytes = [1024, 2048, 4096].map((length) => {
    const spec = (width: number) => ({ shape: [length, width], dtype: "f32" }) as const;
    const program = trace("attention", { q: spec(32), k: spec(16), v: spec(16) }, ({ q, k, v }) => {
      const sizes = { batch: 1, length, heads: 2, kvHeads: 1, headDim: 16 };
      const y = blockwiseAttention(q, k, v, { bias: blockBias(length) }, undefined, sizes);
      const [dq, dk, dv] = gradients(sum(mul(y, y)), [q, k, v]);
      return { dq, dk, dv };
    });
    return programCost(program).activationBytes;
  });
  expect(bytes[1] / bytes[0]).toBeLessThan(2.1);
  expect(bytes[2] / bytes[1]).toBeLessThan(2.1);
});
