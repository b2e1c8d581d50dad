/**
 * Raters not to be trusted, and why. Dissent alone is never a reason: a rater may differ from the pool and be right.
 */
import { formatPercent } from "../../base/format.js";
import type { Interval } from "../../statistics/estimates.js";
import { upperMedian } from "../../statistics/median.js";
import type { GroupMember } from "./ring.js";

export const RATER_FLAGS = ["colluding", "guessing", "contrary", "one-sided", "copying"] as const;
/**
 * What a rater is flagged for: answers shared with others beyond chance, none better than chance, the opposite of the
 * truth, one side whatever it holds, or the vote before its own.
 */
export type RaterFlagKind = (typeof RATER_FLAGS)[number];

/** How near to chance a rater must surely be to be flagged by the pool's word alone, as a share of the way to certainty. */
const NEAR_CHANCE = 0.12;

/** A reason not to rely on a rater, found in the votes alone; nobody is excluded by it. */
export interface RaterFlag {
  kind: RaterFlagKind;
  /** The evidence, in one sentence for people to read. */
  reason: string;
}

/**
 * - colluding: in a group that shares answers (`collusion.ts`)
 * - contrary: certainly right less often than chance: the rater knows the truths and inverts them
 * - one-sided: prefers a side of the screen (`side-bias.ts`)
 * - copying: repeats the vote cast before its own (`copying.ts`)
 * - guessing: on known answers possibly no better than chance, and certainly worse than half way from chance to the
 *   pool's median rater; or certainly within 12% of the way from chance to certainty, of all truths. Who differs from the pool by taste, or
 *   knows better, is not flagged: between them and one who guesses only known answers tell
 *
 * @param skills each rater's skill with truths equally common (`balancedSkills`), [W]. @param onKnown the same on known
 * answers alone, [W]. @param chance probability of being right without looking, 1 / K.
 * @returns the flags of each rater, [W].
 */
export function raterFlags(
  skills: readonly Interval[],
  chance: number,
  groups: readonly (readonly GroupMember[])[] = [],
  onKnown: readonly Interval[] = [],
): RaterFlag[][] {
  const middle = upperMedian(Float64Array.from(skills, ({ estimate }) => estimate));
  const poor = (chance + middle) / 2;
  const near = chance + NEAR_CHANCE * (1 - chance);
  const guesses = ({ low, high }: Interval, most: number) => low <= chance && high < most;
  const flags = skills.map((skill, w): RaterFlag[] => {
    if (skill.high < chance) return [contrary(skill, chance)];
    const found =
      onKnown[w] && guesses(onKnown[w], poor) ? onKnown[w] : guesses(skill, near) ? skill : undefined;
    if (found === undefined) return [];
    const on =
      found === skill ? "with truths equally common" : "on known answers, with truths equally common";
    return [
      {
        kind: "guessing",
        reason: `right ${percent(found.low)} to ${percent(found.high)} of the time ${on}, chance is ${percent(chance)}, half of the raters reach ${percent(middle)}`,
      },
    ];
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

/** @param skill with truths equally common, surely below chance. */
export const contrary = ({ high }: Interval, chance: number): RaterFlag => ({
  kind: "contrary",
  reason: `right at most ${percent(high)} of the time with truths equally common, chance is ${percent(chance)}`,
});

/** A share as reasons give it. */
export const percent = (share: number): string => formatPercent(share, 1);
