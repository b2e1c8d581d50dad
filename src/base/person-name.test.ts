import fc from "fast-check";
import { expect, it } from "vitest";
import { personName } from "./person-name.js";

it("is one name in both Unicode forms, and whatever white space is around it", () => {
  const composed = "Jos\u00e9";
  for (const raw of [
    composed,
    "Jose\u0301",
    " Jos\u00e9",
    "Jose\u0301\u00a0",
    "\tJos\u00e9\r\n",
    "\ufeffJos\u00e9",
  ])
    expect(personName(raw), JSON.stringify(raw)).toBe(composed);
  expect(["a ", " a", "a\t"].map(personName)).toEqual(["a", "a", "a"]);
});

it("keeps what tells people apart: letter case, spaces within, accents, other letters", () => {
  const names = [
    "jose",
    "Jose",
    "Jos\u00e9",
    "Ana  Maria",
    "Ana Maria",
    "AnaMaria",
    "\u00c5sa",
    "\u0410",
    "A",
    "\uff21",
  ];
  expect(names.map(personName)).toEqual(names);
  expect(["", " ", "\u00a0"].map(personName)).toEqual(["", "", ""]);
});

it("is the same once more", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (raw) => {
      expect(personName(personName(raw))).toBe(personName(raw));
      expect(personName(` ${raw.normalize("NFD")} `)).toBe(personName(raw));
    }),
  );
});
