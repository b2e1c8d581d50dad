import fc from "fast-check";
import { expect, it } from "vitest";
import { codeOfStep, newCodeSecret, stepOfCode } from "./one-time-codes.js";

/** "12345678901234567890" in base 32: the secret of RFC 6238, appendix B. */
const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

it("codes are those of RFC 6238, appendix B (their last six digits)", () => {
  const published: [seconds: number, code: string][] = [
    [59, "287082"],
    [1111111109, "081804"],
    [1111111111, "050471"],
    [1234567890, "005924"],
    [2000000000, "279037"],
    [20000000000, "353130"],
  ];
  for (const [seconds, code] of published)
    expect(codeOfStep(SECRET, Math.floor(seconds / 30)), String(seconds)).toBe(code);
});

it("a code is taken one step early or late, once, and not after a later one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 1e8 }), fc.integer({ min: -4, max: 4 }), (step, off) => {
      const code = codeOfStep(SECRET, step + off);
      const now = step * 30_000 + 17;
      const found = stepOfCode(SECRET, code, now, 0);
      if (Math.abs(off) <= 1) expect(found).toBe(step + off);
      else expect(found).toBeUndefined();
      expect(stepOfCode(SECRET, code, now, step + off)).toBeUndefined();
    }),
    { numRuns: 200, seed: 5 },
  );
});

it("secrets are 160 bits in base 32, each another", () => {
  const secrets = Array.from({ length: 50 }, newCodeSecret);
  for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  expect(new Set(secrets).size).toBe(50);
});
