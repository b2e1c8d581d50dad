import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashName, philox4x32, RandomStream } from "./random.js";

describe("Philox4x32-10", () => {
  test("equals the published test vectors (Random123, kat_vectors)", () => {
    const vectors: [number[], number[], number[]][] = [
      [
        [0, 0, 0, 0],
        [0, 0],
        [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
      ],
      [
        Array(4).fill(0xffffffff),
        Array(2).fill(0xffffffff),
        [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
      ],
      [
        [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
        [0xa4093822, 0x299f31d0],
        [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
      ],
    ];
    for (const [counter, key, want] of vectors) {
      const out = new Uint32Array(4);
      philox4x32(counter, key, out);
      expect([...out]).toEqual(want);
    }
  });
});

describe("streams", () => {
  const first = (seed: number, name: string, step: number): number[] => {
    const stream = new RandomStream(seed, name, step);
    return Array.from({ length: 8 }, () => stream.uint32());
  };

  test("a draw is named by seed, stream and step", () => {
    expect(first(1, "a", 2)).toEqual(first(1, "a", 2));
    const others = [first(2, "a", 2), first(1, "b", 2), first(1, "a", 3), first(1, "a", 2 + 2 ** 33)];
    for (const other of others) expect(other).not.toEqual(first(1, "a", 2));
    expect(new Set(["", "a", "b", "ab", "ba", "\u0100"].map(hashName)).size).toBe(6);
  });

  test("uniform numbers are uniform, normal ones normal", () => {
    const n = 20_000;
    const stream = new RandomStream(5, "moments");
    const uniform = Array.from({ length: n }, () => stream.uniform());
    const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
    const bins = new Array<number>(20).fill(0);
    for (const u of uniform) bins[Math.floor(20 * u)]++;
    const chi = bins.reduce((a, c) => a + (c - n / 20) ** 2 / (n / 20), 0);
    expect(chi).toBeLessThan(19 + 4 * Math.sqrt(38));
    const normal = [...stream.fillNormal(new Float32Array(n), 2)];
    expect(Math.abs(mean(normal))).toBeLessThan((4 * 2) / Math.sqrt(n));
    expect(mean(normal.map((x) => x * x)) / 4).toBeCloseTo(1, 1);
    expect(mean(normal.map((x) => (x / 2) ** 4))).toBeCloseTo(3, 0);
  });

  test("integers, choices and permutations stay in their range", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 50 }), (seed, n) => {
        const stream = new RandomStream(seed, "range");
        const value = stream.int(n);
        expect(Number.isInteger(value) && value >= 0 && value < n).toBe(true);
        const list = Array.from({ length: n }, (_, i) => i);
        expect(list).toContain(stream.choice(list));
        const shuffled = stream.shuffled(list);
        expect([...shuffled].sort((a, b) => a - b)).toEqual(list);
        expect(list[0]).toBe(0);
      }),
      { seed: 1 },
    );
  });

  test("every permutation of three is as likely as any other; weights are proportions", () => {
    const stream = new RandomStream(3, "shuffle");
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const key = stream.shuffled([0, 1, 2]).join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(1000));
    const drawn = [0, 0, 0];
    for (let i = 0; i < 6000; i++) drawn[stream.weighted([1, 0, 3])]++;
    expect(drawn[1]).toBe(0);
    expect(Math.abs(drawn[0] - 1500)).toBeLessThan(4 * Math.sqrt(1500));
    let hits = 0;
    for (let i = 0; i < 6000; i++) if (stream.bernoulli(0.25)) hits++;
    expect(Math.abs(hits - 1500)).toBeLessThan(4 * Math.sqrt(1500));
  });
});
