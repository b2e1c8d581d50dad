import fc from "fast-check";
import { expect, it } from "vitest";
import { paddedLength } from "./batch.js";
import { boundedRuns } from "./bounded-runs.js";

it("gives every result in its place, in runs of bounded size", async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.integer({ min: 1, max: 16 }), async (sizes, maxRows) => {
      const sequences = sizes.map((size, id) => ({ ids: Array<number>(size).fill(id), lossMask: [] }));
      const results = await boundedRuns(sequences, 1000, maxRows, async (part, rows) => {
        expect(part.length).toBeLessThanOrEqual(rows);
        expect(rows).toBeLessThanOrEqual(maxRows);
        if (rows > 1) expect(rows * paddedLength(part[0].ids.length)).toBeLessThanOrEqual(4096);
        return part.map(({ ids }) => ids[0]);
      });
      expect(results).toEqual(sizes.map((_, id) => id));
    }),
    { numRuns: 50 },
  );
});
