import fc from "fast-check";
import { expect, it } from "vitest";
import { parseExactJson } from "./exact-json.js";

it("keeps the digits of whole numbers beyond 2^53 as text, and all else as JSON has it", () => {
  const text =
    '{"id":9007199254740993,"n":[-12345678901234567890,9007199254740991,0.12345678901234567890,1e20],"s":"9007199254740993 \\"1\\" \\\\"}';
  expect(parseExactJson(text)).toEqual({
    id: "9007199254740993",
    n: ["-12345678901234567890", 9007199254740991, 0.12345678901234568, 1e20],
    s: '9007199254740993 "1" \\',
  });
  expect(() => parseExactJson("{9007199254740993}")).toThrow(SyntaxError);
});

it("refuses an object that has a name twice, of which JSON.parse takes the last", () => {
  for (const text of [
    '{"winner":"left","winner":"right"}',
    '[{"a":1},{"a":{"b":1, "b" :1}}]',
    '{"a":1,"\\u0061":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"id":9007199254740993,"id":9007199254740992}',
  ])
    expect(() => parseExactJson(text), text).toThrow("the same name twice");
  const whole = '{"a":":","b\\"":{"a":[{"a":"x: y"}]},"":"","__proto__":{"a":"\\\\"}}';
  expect(parseExactJson(whole)).toEqual(JSON.parse(whole));
});

it("reads what JSON.parse reads, in linear time", () => {
  const short = fc.jsonValue().filter((value) => !/\d{16}/.test(JSON.stringify(value)));
  fc.assert(
    fc.property(short, fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }), (value, long) => {
      const text = `[${JSON.stringify(value)},${long}, {"a":${long}}]`;
      expect(parseExactJson(text)).toEqual([JSON.parse(JSON.stringify(value)), `${long}`, { a: `${long}` }]);
    }),
  );
  const started = performance.now();
  parseExactJson(JSON.stringify(['\\"'.repeat(500_000), "1".repeat(500_000)]));
  parseExactJson(`[${"12345678901234567890,".repeat(50_000)}1]`);
  parseExactJson(`${'{"a":['.repeat(5000)}1${"]}".repeat(5000)}`);
  expect(performance.now() - started).toBeLessThan(2000);
});
