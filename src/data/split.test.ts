import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { preferenceNames } from "./conversation.js";
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

  it("keeps rows together that share any of their names, also through others", () => {
    const names = (row: string): string[] => row.split("");
    expect(holdOut(["ab", "cd", "be", "f", "ec"], 0.5, names)).toEqual({
      heldOut: ["ab", "cd", "be", "ec"],
      train: ["f"],
    });
  });

  it("of preferences leaves no text on both sides: of a ranking, of a prompt, of a side that two pairs have in common", () => {
    const where = (number: number) => ({ file: "a.jsonl", unit: "line", number }) as const;
    const word = fc.constantFrom("a", "b", "c", "d", "e");
    const pair = fc.record({ prompt: word, chosen: word, rejected: word, number: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(pair, { minLength: 2, maxLength: 12 }), (pairs) => {
        const rows = pairs.map(({ number, ...texts }) => ({ ...texts, where: where(number) }));
        let split: { train: typeof rows; heldOut: typeof rows };
        try {
          split = holdOut(rows, 0.5, preferenceNames);
        } catch {
          return;
        }
        const texts = (some: typeof rows) =>
          some.flatMap(({ prompt, chosen, rejected }) => [prompt + chosen, prompt + rejected]);
        expect(texts(split.train).filter((text) => texts(split.heldOut).includes(text))).toEqual([]);
        const numbers = split.heldOut.map((row) => row.where.number);
        expect(split.train.filter((row) => numbers.includes(row.where.number))).toEqual([]);
      }),
    );
  });

  it("refuses to hold out everything, and shares out of range", () => {
    expect(() => holdOut(["a/1", "a/2"], 0.1, own)).toThrow(
      "holding out 0.1 of 1 conversations (2 rows) leaves none",
    );
    expect(() => holdOut(["a/1"], 0.6, own)).toThrow("expected 0 to 0.5");
  });
});
