import fc from "fast-check";
import { expect, it } from "vitest";
import { readTime } from "./read-time.js";

const at = (value: unknown) => {
  const read = readTime(value);
  return typeof read === "string" ? read : read.at;
};

it("reads ISO 8601 with a zone as the instant, and without one as UTC, which it says", () => {
  const noon = Date.UTC(2026, 2, 29, 1, 30);
  for (const text of [
    "2026-03-29T01:30:00Z",
    "2026-03-29 03:30:00+02:00",
    "2026-03-28T20:00-0530",
    "2026-03-29 01:30 UTC",
  ])
    expect(readTime(text), text).toEqual({ at: noon, assumedUtc: false });
  expect(readTime("2026-03-29 01:30:00")).toEqual({ at: noon, assumedUtc: true });
  expect(readTime("2026-03-29")).toEqual({ at: Date.UTC(2026, 2, 29), assumedUtc: true });
  expect(at("2026-03-29T01:30:00.123456+00:00")).toBe(noon + 123);
  expect([at(1_700_000_000_000), at("1700000000000"), at(new Date(noon)), at(new Date(0))]).toEqual([
    ...[1_700_000_000_000, 1_700_000_000_000, noon, 0],
  ]);
});

it.each([
  [1_700_000_000, /seconds/],
  ["1700000000.5", /seconds/],
  [45_000, /a day as spreadsheets count them \(2023-03-15\); expected a time such as 2026-01-31T12:00:00Z/],
  [45_000.5, /a day as spreadsheets count them \(2023-03-15\)/],
  ["45000.0625", /a day as spreadsheets/],
  ["45000", /a day as spreadsheets/],
  [20_000, /\(1954-10-03\)/],
  [79_999, /\(2119-01-10\)/],
  [19_999, /1970 as Unix milliseconds; expected .*, from 2000 on/],
  [80_000, /1970 as Unix milliseconds/],
  [0, /1970 as Unix milliseconds/],
  [5, /1970 as Unix milliseconds/],
  [99_999_999, /1970 as Unix milliseconds/],
  [1e11, /1973 as Unix milliseconds/],
  [Date.UTC(2000, 0, 1) - 1, /1999 as Unix milliseconds/],
  [9e12, /2255 as Unix milliseconds; expected .*, to \d{4} at the latest/],
  [1.7e15, /micro- or nanoseconds/],
  ["2026-02-30", /calendar/],
  ["2026-13-01T00:00:00Z", /calendar/],
  ["2026-01-01T24:00:00Z", /calendar/],
  ["2026-01-01T00:00:00+25:00", /zone/],
  ["03/04/2026", /is not a time/],
  ["March 3 2026", /is not a time/],
  ["2026-1-1", /is not a time/],
  ["", /is not a time/],
  [-5, /is not a time/],
  [Number.NaN, /is not a time/],
  [null, /is not a time/],
  [{}, /is not a time/],
])("%j is refused by name", (value, problem) => expect(readTime(value)).toMatch(problem));

it("takes numbers from 2000 to the end of next year, and text and dates of any year", () => {
  const now = Date.UTC(2026, 5, 1);
  const [first, last] = [Date.UTC(2000, 0, 1), Date.UTC(2028, 0, 1) - 1];
  expect(readTime(first, now)).toEqual({ at: first, assumedUtc: false });
  expect(readTime(`${last}`, now)).toEqual({ at: last, assumedUtc: false });
  expect(readTime(last + 1, now)).toMatch(/would be in 2028 as Unix milliseconds; .* to 2027 at the latest/);
  expect(at("1995-01-01T00:00:00Z")).toBe(Date.UTC(1995, 0, 1));
  expect(at(new Date(Date.UTC(2300, 0, 1)))).toBe(Date.UTC(2300, 0, 1));
});

it("gives back every instant that is written in any zone", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: -14 * 4, max: 14 * 4 }),
      (instant, quarters) => {
        const local = new Date(instant + quarters * 900_000).toISOString().slice(0, 23);
        const size = Math.abs(quarters) * 15;
        const two = (n: number) => String(n).padStart(2, "0");
        const zone = `${quarters < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
        expect(at(local + zone)).toBe(instant);
      },
    ),
  );
});
