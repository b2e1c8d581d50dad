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
  expect(performance.now() - started).toBeLessThan(2000);
});
