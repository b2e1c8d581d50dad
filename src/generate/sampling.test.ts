import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SamplingConfig, sampleToken, samplingSchema } from "./sampling.js";

const config = (changes: Partial<SamplingConfig> = {}): SamplingConfig => samplingSchema.parse(changes);
const NONE: ReadonlySet<number> = new Set();

/** The distribution, step by step from the definitions: penalty, temperature, top-k, top-p, min-p. */
function reference(
  logits: readonly number[],
  c: SamplingConfig,
  seen: ReadonlySet<number>,
): { kept: Map<number, number>; logProbs: number[] } {
  const penalised = logits.map((l, i) =>
    seen.has(i) ? (l > 0 ? l / c.repetitionPenalty : l * c.repetitionPenalty) : l,
  );
  const scaled = penalised.map((l) => l / c.temperature);
  const total = scaled.reduce((a, l) => a + Math.exp(l), 0);
  const p = scaled.map((l) => Math.exp(l) / total);
  let order = p.map((_, i) => i).sort((a, b) => p[b] - p[a] || a - b);
  const largest = p[order[0]];
  if (c.topK > 0) order = order.slice(0, c.topK);
  const mass = order.reduce((a, i) => a + p[i], 0);
  let reached = 0;
  order = order.filter((i) => {
    const before = reached;
    reached += p[i] / mass;
    return before < c.topP - 1e-12;
  });
  order = order.filter((i) => p[i] >= c.minP * largest * (1 - 1e-12));
  const left = order.reduce((a, i) => a + p[i], 0);
  return { kept: new Map(order.map((i) => [i, p[i] / left])), logProbs: p.map(Math.log) };
}

const anyConfig = fc.record({
  temperature: fc.constantFrom(0.3, 0.7, 1, 2),
  topK: fc.constantFrom(0, 1, 3, 50),
  topP: fc.constantFrom(0.1, 0.5, 0.9, 1),
  minP: fc.constantFrom(0, 0.05, 0.3, 1),
  repetitionPenalty: fc.constantFrom(0.8, 1, 1.5),
});
const anyLogits = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 12 });

describe("sampling on the host", () => {
  test("draws each token as often as the definitions say", () => {
    fc.assert(
      fc.property(
        anyLogits,
        anyConfig,
        fc.array(fc.nat(11), { maxLength: 4 }),
        (tenths, changes, seenList) => {
          // Distinct logits: among equal ones the definitions do not say which is kept.
          const logits = tenths.map((l, i) => Math.fround(l / 10 + i * 1e-3));
          const seen = new Set(seenList.filter((id) => id < logits.length));
          const c = config(changes);
          const { kept, logProbs } = reference(logits, c, seen);
          const counts = new Map<number, number>();
          const draws = 400;
          for (let k = 0; k < draws; k++) {
            const { token, logProb } = sampleToken(Float32Array.from(logits), c, seen, (k + 0.5) / draws);
            counts.set(token, (counts.get(token) ?? 0) + 1);
            expect(logProb).toBeCloseTo(logProbs[token], 6);
          }
          for (const [token, count] of counts) {
            expect(kept.has(token), `token ${token} should have been filtered`).toBe(true);
            expect(Math.abs(count / draws - (kept.get(token) as number))).toBeLessThan(2 / draws);
          }
          for (const [token, p] of kept)
            if (p > 2 / draws) expect(counts.has(token), `token ${token} never came`).toBe(true);
        },
      ),
      { numRuns: 150, seed: 2 },
    );
  });

  test("min-p comes after top-p, whose mass is counted over what top-k left", () => {
    const logits = Float32Array.from([0.5, 0.2, 0.1, 0.1, 0.1].map(Math.log));
    const c = config({ topP: 0.65, minP: 0.3 });
    const tokens = new Set([0.1, 0.5, 0.72, 0.99].map((u) => sampleToken(logits, c, NONE, u).token));
    expect([...tokens].sort()).toEqual([0, 1]);
  });

  test("of equal tokens the first are kept, and no more than just reach p", () => {
    const drawn = (changes: Partial<SamplingConfig>, logits: number[]) =>
      [0, 0.49, 0.51, 0.99].map(
        (u) => sampleToken(Float32Array.from(logits), config(changes), NONE, u).token,
      );
    expect(drawn({ topK: 2 }, [1, 1, 1])).toEqual([0, 0, 1, 1]);
    expect(drawn({ topK: 1 }, [0, 1, 1])).toEqual([1, 1, 1, 1]);
    // Each of the two has a half, which is p.
    expect(drawn({ topP: 0.5 }, [0, 0])).toEqual([0, 0, 0, 0]);
    expect(drawn({ topP: 0.51 }, [0, 0])).toEqual([0, 0, 1, 1]);
  });

  test("temperature 0 takes the likeliest token, whatever the filters; the first of equals", () => {
    const logits = Float32Array.of(1, 5, 5, -2);
    for (const changes of [{}, { topK: 1 }, { topP: 0.1 }, { minP: 1 }]) {
      expect(sampleToken(logits, config({ temperature: 0, ...changes }), NONE, 0.99).token).toBe(1);
    }
    expect(sampleToken(logits, config({ temperature: 0, repetitionPenalty: 2 }), new Set([1]), 0).token).toBe(
      2,
    );
  });

  test("the edges of the uniform number stay inside the vocabulary, and -Infinity is never drawn", () => {
    const logits = Float32Array.of(Number.NEGATIVE_INFINITY, 0, 0, Number.NEGATIVE_INFINITY);
    for (const changes of [{}, { topK: 4 }, { topP: 0.99 }, { minP: 0.1 }]) {
      for (const u of [0, 0.5, 1 - 2 ** -32])
        expect([1, 2]).toContain(sampleToken(logits, config(changes), NONE, u).token);
    }
  });

  test("logits that are not finite are an error", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => sampleToken(Float32Array.of(0, bad), config(), NONE, 0.5)).toThrow(
        /logits are not finite/,
      );
      expect(() => sampleToken(Float32Array.of(bad, 0), config(), NONE, 0.5)).toThrow(
        /logits are not finite/,
      );
    }
  });
});
