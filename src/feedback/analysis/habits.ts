/**
 * What a rater's votes show about the rater's care: gold items, hidden repeats, time, and preferences for a place or
 * for length.
 */

import { conversationKey } from "../../data/conversation.js";
import { clustersOf } from "../../statistics/clusters.js";
import type { Interval } from "../../statistics/estimates.js";
import { median } from "../../statistics/median.js";
import { rateInterval } from "../../statistics/rates.js";
import { isRight } from "../../votes/filters/failed-gold.js";
import { repeatsOf } from "../../votes/filters/self-contradiction.js";
import { preferredPlace } from "../../votes/filters/straight-lining.js";
import { type JudgedItem, mainVerdict } from "../../votes/filters/votes.js";

/** A share of n votes, with its 95% interval over prompts. */
export interface Share extends Interval {
  n: number;
}

/** The share of votes for which `holds` is true; votes on one prompt form one cluster. Null without votes. */
export function shareOf(votes: readonly JudgedItem[], holds: (one: JudgedItem) => boolean): Share | null {
  if (votes.length === 0) return null;
  const prompts = votes.map(({ item }) => conversationKey(item.content.prompt, item.id));
  const { estimate, low, high, n } = rateInterval(
    clustersOf(
      votes.map((one) => (holds(one) ? 1 : 0)),
      prompts,
    ),
  );
  return { estimate, low, high, n };
}

/** The share of gold items answered correctly. @param own a rater's judgements. */
export function goldAccuracy(own: readonly JudgedItem[]): Share | null {
  const gold = own.filter(({ item, vote }) => item.gold !== undefined && !vote.repeat);
  return shareOf(gold, isRight);
}

/** The share of hidden repeats that do not contradict the earlier answer. */
export function selfConsistency(own: readonly JudgedItem[]): Share | null {
  const { repeats, contradictions } = repeatsOf(own);
  const contrary = new Set(contradictions.map(([, second]) => second));
  return shareOf(repeats, (one) => !contrary.has(one));
}

/**
 * The share of preferences for the first place on the screen. `expected` is the share without a habit: the mean of 1 /
 * places.
 */
export function firstPlaceShare(own: readonly JudgedItem[]): (Share & { expected: number }) | null {
  const placed = own.filter((one) => preferredPlace(one) !== undefined);
  const share = shareOf(placed, (one) => preferredPlace(one) === 0);
  if (share === null) return null;
  const expected = placed.reduce((sum, { vote }) => sum + 1 / vote.order.length, 0) / placed.length;
  return { ...share, expected };
}

/** Comparisons that prefer one of two responses of different lengths. */
export const lengthChosen = (own: readonly JudgedItem[]): JudgedItem[] =>
  own.filter((one) => tookLonger(one) !== undefined);

/** Whether a comparison prefers the longer response; undefined if it prefers neither, or both are equally long. */
export function tookLonger({ vote, item }: JudgedItem): boolean | undefined {
  const verdict = mainVerdict(vote);
  if (verdict !== "left" && verdict !== "right") return undefined;
  const [left, right] = item.content.responses.map(({ text }) => text.length);
  return left === right ? undefined : (verdict === "left") === left > right;
}

/** Median of the seconds that votes took, as reported by clients; null without times. */
export function medianSeconds(own: readonly JudgedItem[]): number | null {
  const times = own.flatMap(({ vote }) => vote.milliseconds ?? []);
  return times.length === 0 ? null : median(times) / 1000;
}
