import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePythonLiteral } from "./python-literal.js";

describe("parsePythonLiteral", () => {
  it.each([
    ["[{'role': 'user', 'content': 'a'}]", [{ role: "user", content: "a" }]],
    // As NumPy prints an array of objects, without commas.
    ["[{'a': 1}\n {'a': 2}]", [{ a: 1 }, { a: 2 }]],
    ["(1, 2.5, -3e2,)", [1, 2.5, -300]],
    ["{'a': True, 'b': False, 'c': None, }", { a: true, b: false, c: null }],
    [
      `["it's", 'a "b"', '\\'', "\\n\\t\\\\", '\\xe9\\u03a9\\U0001f600']`,
      ["it's", 'a "b"', "'", "\n\t\\", "éΩ😀"],
    ],
    ["[]", []],
    ["[9007199254740993]", ["9007199254740993"]],
    ["{'__proto__': 1}", JSON.parse('{"__proto__": 1}')],
  ])("reads %s", (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value);
  });

  it.each([
    "[",
    "['a",
    "{'a' 1}",
    "{1: 2}",
    "[1 2]",
    "[a]",
    "f()",
    "'\\N{DASH}'",
    "'\\ud'",
    "[1] [2]",
    "b'a'",
    "nan",
    "",
  ])("refuses %j", (text) => {
    expect(() => parsePythonLiteral(text)).toThrow(SyntaxError);
  });

  it("never fails in another way, and takes time that grows with the length", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."[]{}()'\",:\\ 1aTx\n") }), (text) => {
        try {
          parsePythonLiteral(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
    const time = (copies: number): number => {
      const text = `[${"{'a': 'b\\n c'}, ".repeat(copies)}]`;
      const started = performance.now();
      parsePythonLiteral(text);
      return performance.now() - started;
    };
    time(1000);
    expect(time(80_000)).toBeLessThan(100 * Math.max(1, time(10_000)));
    expect(() => parsePythonLiteral("[".repeat(100_000))).toThrow("levels");
  });
});
