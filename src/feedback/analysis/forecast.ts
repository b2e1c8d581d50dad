/**
 * Forecasts when a project will be done. The votes of the last weeks are counted in spans of equal length: of a day if
 * there are enough days, because the rate varies within a day. For B spans with counts c_1..c_B of mean m and variance
 * s^2, and R remaining votes, the interval for the end holds the numbers n of further spans whose sum could be R, by
 * Student's prediction interval of a sum with t of B - 1 degrees of freedom:
 *
 *   (R - n m)^2 <= t^2 s^2 (n + n^2 / B),
 *
 * The first term is the variance of the n further spans, the second the uncertainty of the mean from B spans. This
 * assumes that the coming weeks are like the past ones, and that spans are independent of each other.
 */

import { type Interval, maskedStd, mean } from "../../statistics/estimates.js";
import { studentInterval } from "../../statistics/means.js";
import { studentQuantile } from "../../statistics/student.js";
import { counting, USES } from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import type { ForecastView } from "./views.js";

const DAY = 86_400_000;
/** Most days that the rate is estimated from. */
const LOOK_BACK = 28;
/** Spans are days if there are at least MIN_DAYS; otherwise SHORT_SPANS shorter spans are used. */
const MIN_DAYS = 5;
const SHORT_SPANS = 8;
const MIN_VOTES = 20;
/** With at least this many spans the interval of the end also covers for very uneven spans. */
const ENOUGH_SPANS = 14;
/** No end beyond a hundred years is reported. */
const MAX_DAYS = 36_525;

export function forecastView(data: ProjectData, now: number): ForecastView {
  const times = counting(data.judgements, USES.results).map(({ firstAt }) => firstAt);
  let remaining = 0;
  for (const { gold, state, overlap, votes } of data.items.values())
    if (gold === undefined && state === "open") remaining += Math.max(0, overlap - votes);
  const known = { asOf: data.asOf, votes: times.length, remaining };
  if (times.length < MIN_VOTES)
    return { ...known, perDay: null, end: null, why: `there are fewer than ${MIN_VOTES} votes` };
  const { spans, length } = countSpans(times, now);
  const scale = DAY / length;
  const rate = studentInterval([...spans]);
  const perDay = {
    estimate: rate.estimate * scale,
    low: Math.max(0, rate.low) * scale,
    high: rate.high * scale,
    n: spans.length,
  };
  if (remaining === 0) return { ...known, perDay, end: null, why: "nothing remains" };
  const { state } = data.project;
  if (state !== "open") return { ...known, perDay, end: null, why: `the project is ${state}` };
  if (rate.estimate === 0)
    return { ...known, perDay, end: null, why: `nobody voted in the last ${LOOK_BACK} days` };
  const needed = spansNeeded(spans, remaining);
  const at = (count: number) => Math.round(now + Math.min(count * length, MAX_DAYS * DAY));
  const high = needed.high * length > MAX_DAYS * DAY ? null : at(needed.high);
  const { caution } = needed;
  return {
    ...known,
    perDay,
    end: { estimate: at(needed.estimate), low: at(needed.low), high },
    ...(caution !== undefined && { caution }),
  };
}

/**
 * Counts votes in spans of equal length up to now; the first span begins at about the first vote, at most LOOK_BACK
 * days ago.
 */
export function countSpans(times: readonly number[], now: number): { spans: Float64Array; length: number } {
  const first = times.reduce((least, time) => Math.min(least, time), now - 1);
  const age = Math.min(now - first, LOOK_BACK * DAY);
  const days = Math.floor(age / DAY);
  const [count, length] = days >= MIN_DAYS ? [days, DAY] : [SHORT_SPANS, Math.max(1, age / SHORT_SPANS)];
  const spans = new Float64Array(count);
  for (const time of times) {
    const back = Math.floor((now - time) / length);
    if (back >= 0 && back < count) spans[count - 1 - back]++;
  }
  return { spans, length };
}

/**
 * Number of spans until `remaining` more votes are cast, with a 95% interval; `high` is infinite if the mean may be 0.
 */
export function spansNeeded(spans: Float64Array, remaining: number): Interval {
  const center = mean(spans);
  const noise = (studentQuantile(0.975, spans.length - 1) * maskedStd(spans)) ** 2;
  // square n^2 - middle n + remaining^2 <= 0
  const square = center ** 2 - noise / spans.length;
  const middle = 2 * remaining * center + noise;
  const root = Math.sqrt(Math.max(0, middle ** 2 - 4 * square * remaining ** 2));
  return {
    estimate: remaining / center,
    low: (2 * remaining ** 2) / (middle + root),
    high: square > 0 ? (middle + root) / (2 * square) : Number.POSITIVE_INFINITY,
    ...(spans.length < ENOUGH_SPANS && {
      caution: `estimated from ${spans.length} spans of time: may be too early if they are very uneven`,
    }),
  };
}
