import type { RaterKind, SimulatedPoolConfig } from "../../votes/simulate/index.js";

/** A pool from the number of raters of each kind. */
function pool(
  counts: Partial<Record<RaterKind, number>>,
  people: "honest" | "length-loving" = "honest",
): SimulatedPoolConfig & { people: typeof people } {
  const raters = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { raters, shares: counts, people, groups: 1, talkative: 0 };
}

/** The pools of raters that the demo offers. */
export const DEMO_POOLS = {
  mixed: pool({ honest: 20, noisy: 3, biased: 2, random: 1, malicious: 2, colluding: 2 }),
  honest: pool({ honest: 30 }),
  poisoned: pool({ honest: 21, malicious: 9 }),
  "length-loving": pool({ honest: 30 }, "length-loving"),
} as const;
export type DemoPoolName = keyof typeof DEMO_POOLS;
