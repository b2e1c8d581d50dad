import fc from "fast-check";
import { expect, it } from "vitest";
import { type DiffLine, lineDiff } from "./line-diff.js";

const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 8 }).map((lines) => lines.join("\n"));
const side = (diff: readonly DiffLine[], other: DiffLine["kind"]) =>
  diff
    .filter(({ kind }) => kind !== other)
    .map((line) => line.text)
    .join("\n");

it("holds both texts whole", () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = lineDiff(before, after);
      expect(side(diff, "added")).toBe(before);
      expect(side(diff, "removed")).toBe(after);
    }),
  );
});

it("keeps as many lines as can be kept", () => {
  const kinds = (before: string, after: string) =>
    lineDiff(before, after)
      .map(({ kind, text }) => ({ same: "=", added: "+", removed: "-" })[kind] + text)
      .join(" ");
  expect(kinds("a\nb\nc", "a\nx\nc")).toBe("=a -b +x =c");
  expect(kinds("a\nb\nc\nd", "b\nd\na")).toBe("-a =b -c =d +a");
  expect(kinds("", "new")).toBe("+new");
  expect(kinds("same", "same")).toBe("=same");
});

it("does not take long for texts that have nothing in common", () => {
  const lines = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word}${i}`).join("\n");
  const began = performance.now();
  expect(lineDiff(lines("a"), lines("b"))).toHaveLength(40_000);
  expect(performance.now() - began).toBeLessThan(2000);
});
