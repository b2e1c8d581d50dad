/** Pools of simulated raters: groups with common traits, from which each rater deviates a little. */
import { z } from "zod";
import { RandomStream } from "../../base/random.js";
import { type Rater, RaterTraits } from "./rater.js";

export const RaterGroup = RaterTraits.extend({
  share: z.number().positive().describe("Relative share of the pool's raters that belong to this group."),
});
export type RaterGroup = z.infer<typeof RaterGroup>;

export const RaterPoolConfig = z.object({
  size: z.number().int().min(1).max(10_000).describe("Number of raters."),
  spread: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe(
      "How much raters of a group differ: standard deviation of the log temperature, and of each bias in units " +
        "of gold utility (position, length and flattery, at half this scale).",
    ),
  groups: z
    .record(z.string().min(1), RaterGroup)
    .refine((groups) => Object.keys(groups).length > 0, { message: "at least one group is needed" })
    .describe("Traits of each group, by name."),
});
export type RaterPoolConfig = z.infer<typeof RaterPoolConfig>;

/** Mild biases; most votes follow the gold utility. */
const HONEST: RaterPoolConfig = {
  size: 12,
  spread: 0.2,
  groups: {
    careful: {
      share: 0.5,
      temperature: 0.35,
      lapse: 0.03,
      positionBias: 0.02,
      lengthBias: 0,
      flatteryBias: 0,
      helpfulnessWeight: 1,
      harmlessnessWeight: 1.2,
    },
    hurried: {
      share: 0.3,
      temperature: 0.6,
      lapse: 0.1,
      positionBias: 0.15,
      lengthBias: 0.05,
      flatteryBias: 0,
      helpfulnessWeight: 1,
      harmlessnessWeight: 0.9,
    },
    charmed: {
      share: 0.2,
      temperature: 0.5,
      lapse: 0.05,
      positionBias: 0.05,
      lengthBias: 0.05,
      flatteryBias: 0.25,
      helpfulnessWeight: 0.9,
      harmlessnessWeight: 1,
    },
  },
};

/** Raters who mistake length for quality: padding wins, so that a reward model trained on their votes can be hacked. */
const LENGTH_LOVING: RaterPoolConfig = {
  size: 12,
  spread: 0.2,
  groups: {
    impressed: {
      share: 1,
      temperature: 0.5,
      lapse: 0.03,
      positionBias: 0.02,
      lengthBias: 1.5,
      flatteryBias: 0.25,
      helpfulnessWeight: 0.2,
      harmlessnessWeight: 0.1,
    },
  },
};

export const RATER_POOLS = { honest: HONEST, "length-loving": LENGTH_LOVING } as const;
/** A ready-made pool of simulated raters. */
export type RaterPoolName = keyof typeof RATER_POOLS;

/** The raters of a pool; groups get their shares by largest remainder, in the order given. */
export function raterPool(config: RaterPoolConfig, seed: number): Rater[] {
  const names = Object.keys(config.groups);
  const total = names.reduce((sum, name) => sum + config.groups[name].share, 0);
  const quotas = names.map((name) => (config.size * config.groups[name].share) / total);
  const counts = quotas.map(Math.floor);
  const byRemainder = names.map((_, i) => i).sort((i, j) => quotas[j] - counts[j] - (quotas[i] - counts[i]));
  for (let left = config.size - counts.reduce((a, b) => a + b, 0), i = 0; left > 0; left--, i++) {
    counts[byRemainder[i]]++;
  }
  return names.flatMap((group, g) =>
    Array.from({ length: counts[g] }, (_, i): Rater => {
      const { share: _share, ...traits } = config.groups[group];
      const random = new RandomStream(seed, `worlds/assistant/raters/${group}`, i);
      const deviate = (value: number) => value + 0.5 * config.spread * random.normal();
      return {
        ...traits,
        id: `${group}-${i + 1}`,
        group,
        temperature: traits.temperature * Math.exp(config.spread * random.normal()),
        positionBias: deviate(traits.positionBias),
        lengthBias: deviate(traits.lengthBias),
        flatteryBias: deviate(traits.flatteryBias),
      };
    }),
  );
}
