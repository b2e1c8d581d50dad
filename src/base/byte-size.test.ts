import { expect, test } from "vitest";
import { parseByteSize } from "./byte-size.js";

test.each([
  ["5GB", 5e9],
  ["1.5 gb", 1.5e9],
  ["500MB", 5e8],
  ["2GiB", 2 ** 31],
  ["300 KiB", 300 * 1024],
  ["7B", 7],
])("%s is %i bytes", (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

test.each(["", "5", "GB", "-5GB", "0GB", "5TB5", "1e9B", "5 G B", "0.1B"])("%j is not a size", (text) => {
  expect(() => parseByteSize(text)).toThrow(/is not a size/);
});
