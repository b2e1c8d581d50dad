import { expect, it } from "vitest";
import { dataChanges, dataDigest } from "./data-digest.js";

const row = (file: string, number: number, text: string) => ({ text, where: { file, unit: "line", number } });

it("says which file has other rows, and what changed", () => {
  const began = dataDigest([row("a", 1, "x"), row("a", 2, "y"), row("b", 1, "z")]);
  const changes = (...rows: object[]) => dataChanges(began, dataDigest(rows));
  expect(changes(row("a", 1, "x"), row("a", 2, "y"), row("b", 1, "z"))).toEqual([]);
  expect(changes(row("a", 1, "x"), row("b", 1, "z"))).toEqual(["a gave 2 rows and gives 1 now"]);
  expect(changes(row("a", 1, "x"), row("a", 2, "w"), row("b", 1, "z"))).toEqual([
    "the 2 rows of a have another content now",
  ]);
  expect(changes(row("a", 1, "x"), row("a", 2, "y"), row("c", 1, "z"))).toEqual([
    "b, of which it read 1 row, is not among them any more",
    "c is new, with 1 row",
  ]);
  expect(changes(row("b", 1, "z"), row("a", 1, "x"), row("a", 2, "y"))).toEqual([
    "its files are in another order now",
  ]);
  // An online method's prompts lie beside its reward functions.
  expect(
    dataChanges(
      dataDigest({ functions: [{ score: () => 0 }], prompts: [row("a", 1, "x")] }),
      dataDigest([row("a", 1, "x")]),
    ),
  ).toEqual([]);
});
