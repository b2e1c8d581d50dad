import { expect, test } from "vitest";
import { overMicroBatches } from "./micro-batches.js";

test("the batch's loss is the sum over its micro-batches, of which the last may be smaller", async () => {
  const { loss, parts, outputs } = await overMicroBatches(
    [1, 2, 3, 4, 5],
    { microBatchSize: 2, parallel: 2 },
    async (part) => ({ loss: [part.length], first: part[0] }),
  );
  expect(loss).toBe(5);
  expect(parts).toEqual([[1, 2], [3, 4], [5]]);
  expect(outputs.map(({ first }) => first)).toEqual([1, 3, 5]);
});
