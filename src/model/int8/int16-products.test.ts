import { describe, expect, test } from "vitest";
import { fewestInt16, moreInt16 } from "./int16-products.js";

const names = Array.from({ length: 100 }, (_, i) => `${i}`);
/** Sufficient from so many on; what was asked is noted. */
function from(count: number): { suffice: (first: readonly string[]) => Promise<boolean>; asked: number[] } {
  const asked: number[] = [];
  return { asked, suffice: async (first) => asked.push(first.length) > 0 && first.length >= count };
}

describe("the fewest products in 16 bits", () => {
  test.each([0, 1, 2, 17, 50, 99, 100])("that suffice, within 3 of 100: %i", async (count) => {
    const { suffice, asked } = from(count);
    const int16 = await fewestInt16(names, suffice);
    expect(int16.length).toBeGreaterThanOrEqual(count);
    expect(int16.length - count).toBeLessThanOrEqual(3);
    expect(int16).toEqual(names.slice(0, int16.length));
    expect(asked.length).toBeLessThan(8);
  });

  test("are all where not even those suffice", async () => {
    expect(await fewestInt16(names, from(101).suffice)).toEqual(names);
  });
});

describe("more products in 16 bits", () => {
  const int16 = names.slice(0, 20);
  test("are not taken where these suffice", async () => {
    const { suffice, asked } = from(20);
    expect(await moreInt16(names, int16, suffice)).toEqual(int16);
    expect(asked).toEqual([20]);
  });

  test.each([
    [21, 32],
    [40, 50],
    [99, 100],
  ])("where %i suffice, half as many again: %i", async (count, taken) => {
    expect(await moreInt16(names, int16, from(count).suffice)).toEqual(names.slice(0, taken));
  });

  test("are not taken where not even all would suffice: they would cost time and win nothing", async () => {
    const { suffice, asked } = from(101);
    expect(await moreInt16(names, int16, suffice)).toEqual(int16);
    expect(asked).toEqual([20, 100]);
  });
});
