import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holdOut } from "./split.js";

const own = (row: string): string => row.split("/")[0];

describe("holdOut", () => {
  it("takes every k-th of rows that have a conversation each", () => {
    const rows = Array.from({ length: 10 }, (_, i) => `${i}`);
    expect(holdOut(rows, 0.2, own)).toEqual({
      heldOut: ["0", "5"],
      train: ["1", "2", "3", "4", "6", "7", "8", "9"],
    });
    expect(holdOut(rows, 0, own)).toEqual({ heldOut: [], train: rows });
  });

  it("keeps the rows of a conversation together, wherever they lie", () => {
    const rows = ["a/1", "b/1", "a/2", "c/1", "b/2", "d/1", "a/3"];
    expect(holdOut(rows, 0.5, own)).toEqual({
      heldOut: ["a/1", "a/2", "c/1", "a/3"],
      train: ["b/1", "b/2", "d/1"],
    });
  });

  it("loses no row, keeps their order, and shares no conversation between the parts", () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat(99)).map(([a, b]) => `${a}/${b}`);
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1 }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        (rows, share) => {
          if (new Set(rows.map(own)).size === 1) return;
          const { train, heldOut } = holdOut(rows, share, own);
          expect([...train, ...heldOut].sort()).toEqual([...rows].sort());
          expect(train.filter((one) => heldOut.map(own).includes(own(one)))).toEqual([]);
          expect(train).toEqual(rows.filter((one) => !heldOut.map(own).includes(own(one))));
        },
      ),
    );
  });

  it("refuses to hold out everything, and shares out of range", () => {
    expect(() => holdOut(["a/1", "a/2"], 0.1, own)).toThrow(
      "holding out 0.1 of 1 conversations (2 rows) leaves none",
    );
    expect(() => holdOut(["a/1"], 0.6, own)).toThrow("expected 0 to 0.5");
  });
});
