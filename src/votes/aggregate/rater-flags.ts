/**
 * Raters not to be trusted, and why. Dissent alone is never a reason: a rater may differ from the pool and be right.
 */
import type { Interval } from "../../statistics/estimates.js";
import { median } from "./false-discovery.js";
import type { GroupMember } from "./ring.js";

export const RATER_FLAGS = ["colluding", "guessing", "contrary", "one-sided"] as const;
export type RaterFlagKind = (typeof RATER_FLAGS)[number];

export interface RaterFlag {
  kind: RaterFlagKind;
  /** The evidence, in one sentence for people to read. */
  reason: string;
}

/**
 * - colluding: in a group that shares answers (`collusion.ts`)
 * - contrary: certainly right less often than chance: the rater knows the truths and inverts them
 * - one-sided: prefers a side of the screen (`side-bias.ts`)
 * - guessing: possibly no better than chance, and certainly worse than half way from chance to the pool's median rater
 *
 * @param skills each rater's skill with truths equally common (`balancedSkills`), [W].
 * @param chance probability of being right without looking, 1 / K.
 * @returns the flags of each rater, [W].
 */
export function raterFlags(
  skills: readonly Interval[],
  chance: number,
  groups: readonly (readonly GroupMember[])[] = [],
): RaterFlag[][] {
  const middle = median(Float64Array.from(skills, ({ estimate }) => estimate));
  const poor = (chance + middle) / 2;
  const flags = skills.map(({ low, high }): RaterFlag[] => {
    if (high < chance)
      return [
        {
          kind: "contrary",
          reason: `right at most ${percent(high)} of the time with truths equally common, chance is ${percent(chance)}`,
        },
      ];
    if (low <= chance && high < poor)
      return [
        {
          kind: "guessing",
          reason: `right ${percent(low)} to ${percent(high)} of the time with truths equally common, chance is ${percent(chance)}, half of the raters reach ${percent(middle)}`,
        },
      ];
    return [];
  });
  for (const [g, members] of groups.entries())
    for (const { rater, common, agreed, expected } of members)
      flags[rater] = [
        {
          kind: "colluding",
          reason: `follows the answers of group ${g + 1} (${members.length} raters) on ${agreed} of ${common} items; ${expected.toFixed(1)} were expected`,
        },
      ];
  return flags;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
