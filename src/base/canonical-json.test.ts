import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.js";

it("spells equal values alike", () => {
  expect(canonicalJson({ b: [1, null, "x"], a: { d: true, c: undefined } })).toBe(
    '{"a":{"d":true},"b":[1,null,"x"]}',
  );
  // RFC 8785, section 3.2.3: keys in the order of UTF-16 units.
  expect(
    canonicalJson({ "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, ö: 7 }),
  ).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  expect(canonicalJson([-0, 1e21, 0.1, 1e-7])).toBe("[0,1e+21,0.1,1e-7]");
});

it("is JSON of the same value, whatever the order of keys", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      if (typeof value === "object" && value !== null && !Array.isArray(value))
        expect(canonicalJson(Object.fromEntries(Object.entries(value).reverse()))).toBe(text);
    }),
  );
});

it("refuses what JSON cannot hold", () => {
  for (const value of [Number.NaN, Infinity, undefined, 1n, () => 1, [undefined]])
    expect(() => canonicalJson(value)).toThrow(TypeError);
});
