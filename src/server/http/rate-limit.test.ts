import { expect, it } from "vitest";
import { RateLimit } from "./rate-limit.js";
import type { RequestError } from "./request-error.js";

function allowed(limit: RateLimit, caller: string, tries: number): number {
  let count = 0;
  for (let i = 0; i < tries; i++)
    try {
      limit.take(caller);
      count++;
    } catch (error) {
      expect((error as RequestError).status).toBe(429);
    }
  return count;
}

it("lets through as many as a minute's, then as they come back, for each caller apart", () => {
  let now = 1000;
  const limit = new RateLimit(60, () => now);
  expect(allowed(limit, "a", 100)).toBe(60);
  expect(allowed(limit, "b", 10)).toBe(10);
  now += 5000;
  expect(allowed(limit, "a", 100)).toBe(5);
  now += 3_600_000;
  expect(allowed(limit, "a", 100)).toBe(60);
});

it("says after how many seconds to try again, and is right", () => {
  let now = 0;
  const limit = new RateLimit(6, () => now);
  allowed(limit, "a", 6);
  let wait = 0;
  try {
    limit.take("a");
  } catch (error) {
    wait = Number((error as RequestError).headers["Retry-After"]);
  }
  expect(wait).toBe(10);
  now += 1000 * wait;
  expect(allowed(limit, "a", 1)).toBe(1);
});

it("a clock that goes back gives nothing and takes nothing", () => {
  let now = 1_000_000;
  const limit = new RateLimit(10, () => now);
  allowed(limit, "a", 8);
  now = 0;
  expect(allowed(limit, "a", 10)).toBe(2);
});

it("remembers a bounded number of callers, and of those the latest", () => {
  const limit = new RateLimit(2, () => 0);
  limit.take("first");
  limit.take("first");
  for (let i = 0; i < 19_999; i++) limit.take(`caller ${i}`);
  expect(() => limit.take("first")).toThrow();
  for (let i = 0; i < 30_000; i++) limit.take(`other ${i}`);
  expect(limit.size).toBe(20_000);
});
