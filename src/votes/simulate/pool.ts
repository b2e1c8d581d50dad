import { z } from "zod";
import { RandomStream } from "../../base/random.js";
import { RATER_POOLS, type RaterTraits, raterPool } from "../../worlds/assistant/index.js";
import { type Person, rate } from "./behaviour.js";
import type { Values } from "./values.js";
import { RATER_KINDS, type RaterKind, type SimulatedRater } from "./view.js";

export const simulatedPoolSchema = z.object({
  raters: z.number().int().min(1).max(100_000).describe("Raters in the pool."),
  shares: z
    .partialRecord(z.enum(RATER_KINDS), z.number().min(0))
    .default({ honest: 1 })
    .refine((shares) => Object.values(shares).some((share) => share > 0), {
      message: "at least one share must be above 0",
    })
    .describe("Relative share of each kind of rater."),
  people: z
    .enum(Object.keys(RATER_POOLS) as [keyof typeof RATER_POOLS])
    .optional()
    .describe("Pool whose traits the raters have, except where their kind changes them; default: honest."),
  groups: z
    .number()
    .int()
    .min(1)
    .default(1)
    .describe("Number of groups of colluding raters, each with its own key."),
  talkative: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe("Share of votes with a rationale where one is optional."),
});
/** A pool of simulated raters, with the defaults filled in. */
export type SimulatedPoolConfig = z.infer<typeof simulatedPoolSchema>;

/** Changes of each kind to the traits of an honest rater; raters of a kind with several take them in turn. */
const CHANGES: Readonly<Partial<Record<RaterKind, readonly Partial<RaterTraits>[]>>> = {
  noisy: [{ temperature: 2, lapse: 0.25 }],
  biased: [{ positionBias: 1.5 }, { lengthBias: 1.5 }, { flatteryBias: 1.5 }],
  minority: [{ harmlessnessWeight: 0.2, lengthBias: 0.5, flatteryBias: 0.5 }],
  colluding: [{ temperature: 0.35, lapse: 0.02, positionBias: 0 }],
  random: [{ temperature: 1, lapse: 0, positionBias: 0 }],
  fast: [{ temperature: 1, lapse: 0, positionBias: 0 }],
  "straight-lining": [{ temperature: 0.1, lapse: 0 }],
};

/** Spread of raters' log paces. */
const PACE_SPREAD = 0.3;

/**
 * The raters of a pool, in shuffled order, so that neither pseudonym nor place reveals the kind. Shares are rounded by
 * largest remainder; equal remainders go in the order of RATER_KINDS. The same seed gives the same raters.
 */
export function simulatedRaters(config: SimulatedPoolConfig, values: Values, seed: number): SimulatedRater[] {
  const kinds = kindsOf(config);
  const random = new RandomStream(seed, "feedback/simulate/pool");
  const people = random.shuffled(
    raterPool({ ...RATER_POOLS[config.people ?? "honest"], size: config.raters }, seed),
  );
  const colluders = { count: 0 };
  return random.shuffled(kinds).map((kind, i) => {
    const changes = CHANGES[kind] ?? [{}];
    const person: Person = {
      kind,
      traits: { ...people[i], ...changes[i % changes.length] },
      pace: Math.exp(PACE_SPREAD * random.normal()),
      key: seed + (kind === "colluding" ? 1 + (colluders.count++ % config.groups) : 0),
      talkative: config.talkative,
    };
    const id = `rater-${String(i + 1).padStart(String(config.raters).length, "0")}`;
    return { id, kind, rate: (view, stream) => rate(person, values, view, stream) };
  });
}

function kindsOf({ raters, shares }: SimulatedPoolConfig): RaterKind[] {
  const total = RATER_KINDS.reduce((sum, kind) => sum + (shares[kind] ?? 0), 0);
  const quotas = RATER_KINDS.map((kind) => (raters * (shares[kind] ?? 0)) / total);
  const counts = quotas.map(Math.floor);
  const byRemainder = [...counts.keys()].sort((i, j) => quotas[j] - counts[j] - (quotas[i] - counts[i]));
  const left = raters - counts.reduce((a, b) => a + b, 0);
  for (const at of byRemainder.slice(0, left)) counts[at]++;
  return RATER_KINDS.flatMap((kind, i) => new Array<RaterKind>(counts[i]).fill(kind));
}
