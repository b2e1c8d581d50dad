import fc from "fast-check";
import { expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { drawPanels } from "./panels.js";

const draw = (raters: number, size: number, batch: number) =>
  drawPanels(raters, size, new RandomStream(1, "test", batch));

it("panels are full, disjoint, and as many as there can be", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 40 }),
      fc.nat(99),
      (size, more, batch) => {
        const raters = size + more;
        const panels = draw(raters, size, batch);
        expect(panels).toHaveLength(Math.floor(raters / size));
        for (const panel of panels) expect(panel).toHaveLength(size);
        const members = panels.flat();
        expect(new Set(members).size).toBe(members.length);
        for (const member of members) expect(member >= 0 && member < raters).toBe(true);
      },
    ),
  );
});

it("every rater meets every other in time, and nobody rests for ever", () => {
  const met = new Set<string>();
  for (let batch = 0; batch < 60; batch++)
    for (const panel of draw(10, 3, batch))
      for (const a of panel) for (const b of panel) met.add(`${a} ${b}`);
  expect(met.size).toBe(100);
});
