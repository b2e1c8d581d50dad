/** What a rater's votes show of its care: gold items, hidden repeats, time, and preferences for a place or for length. */
import { type Interval, wilsonInterval } from "../../statistics/estimates.js";
import { isRight } from "../filters/failed-gold.js";
import { repeatsOf } from "../filters/self-contradiction.js";
import { preferredPlace } from "../filters/straight-lining.js";
import { type JudgedItem, mainVerdict } from "../filters/votes.js";

/** A share with Wilson's 95% interval, of n. */
export interface Share extends Interval {
  n: number;
}

export function shareOf(count: number, n: number): Share | null {
  return n === 0 ? null : { ...wilsonInterval(count, n), n };
}

/** Of gold items the share that was answered rightly. @param own a rater's judgements. */
export function goldAccuracy(own: readonly JudgedItem[]): Share | null {
  const gold = own.filter(({ item, vote }) => item.gold !== undefined && !vote.repeat);
  return shareOf(gold.filter(isRight).length, gold.length);
}

/** Of hidden repeats the share that was not answered the other way. */
export function selfConsistency(own: readonly JudgedItem[]): Share | null {
  const { repeats, contradictions } = repeatsOf(own);
  return shareOf(repeats - contradictions.length, repeats);
}

/** Of preferences the share for the first place of the screen; expected without the habit, the mean of 1 / places. */
export function firstPlaceShare(own: readonly JudgedItem[]): (Share & { expected: number }) | null {
  const placed = own.filter((one) => preferredPlace(one) !== undefined);
  const share = shareOf(placed.filter((one) => preferredPlace(one) === 0).length, placed.length);
  if (share === null) return null;
  const expected = placed.reduce((sum, { vote }) => sum + 1 / vote.order.length, 0) / placed.length;
  return { ...share, expected };
}

/** How many comparisons took the longer response, of those that took one of two different lengths. */
export function longerChosen(own: readonly JudgedItem[]): { count: number; n: number } {
  let [count, n] = [0, 0];
  for (const { vote, item } of own) {
    const verdict = mainVerdict(vote);
    if (verdict !== "left" && verdict !== "right") continue;
    const [left, right] = item.content.responses.map(({ text }) => text.length);
    if (left === right) continue;
    n++;
    if ((verdict === "left") === left > right) count++;
  }
  return { count, n };
}

/** Median of the seconds that votes took, as clients said. */
export function medianSeconds(own: readonly JudgedItem[]): number | null {
  const times = Float64Array.from(own.flatMap(({ vote }) => vote.milliseconds ?? [])).sort();
  if (times.length === 0) return null;
  const middle = times.length >> 1;
  return (times.length % 2 === 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2) / 1000;
}
