/**
 * When a project will be done. The votes of the last weeks are counted in spans of equal length, of a day where there are enough
 * days: within a day people sleep and eat. With spans c_1..c_B and R votes to come, for each of many bootstrap samples of the spans, of
 * mean m and variance v,
 *
 *   T = R / m + sqrt(R / m * v) / m * z,   z ~ N(0, 1)
 *
 * spans are still needed: the first term knows the rate as far as B spans tell it, the second how spans vary about it (the central limit
 * of a renewal count). The interval has the quantiles of T. It believes that the weeks to come are as those before.
 */
import { RandomStream } from "../../random.js";
import { bootstrapMean } from "../../statistics/bootstrap.js";
import { normalQuantile } from "../../statistics/normal.js";
import { counts, type ProjectData } from "./project-data.js";
import type { ForecastView } from "./views.js";

const DAY = 86_400_000;
/** Days that the rate is read from, at most. */
const LOOK_BACK = 28;
/** Spans of a day where there are so many days, else so many shorter ones. */
const LEAST_DAYS = 5;
const SHORT_SPANS = 8;
const LEAST_VOTES = 20;
const DRAWS = 2000;
/** No end beyond a hundred years is told. */
const MOST_DAYS = 36_525;

export function forecastView(data: ProjectData, now: number, seed = 0): ForecastView {
  const times = data.votes.filter(counts).map(({ firstAt }) => firstAt);
  let remaining = 0;
  for (const { gold, state, overlap, votes } of data.items.values())
    if (gold === undefined && state === "open") remaining += Math.max(0, overlap - votes);
  const known = { asOf: data.asOf, votes: times.length, remaining };
  if (times.length < LEAST_VOTES)
    return { ...known, perDay: null, end: null, why: `there are fewer than ${LEAST_VOTES} votes` };
  const { spans, length } = countSpans(times, now);
  const scale = DAY / length;
  const rate = bootstrapMean([...spans], { seed });
  const perDay = {
    ...{ estimate: rate.estimate * scale, low: rate.low * scale, high: rate.high * scale },
    n: spans.length,
  };
  if (remaining === 0) return { ...known, perDay, end: null, why: "nothing remains" };
  const { state } = data.project;
  if (state !== "open") return { ...known, perDay, end: null, why: `the project is ${state}` };
  if (rate.estimate === 0)
    return { ...known, perDay, end: null, why: `nobody voted in the last ${LOOK_BACK} days` };
  const needed = spansNeeded(spans, remaining, seed);
  const at = (count: number) => Math.round(now + Math.min(count * length, MOST_DAYS * DAY));
  const high = needed.high * length > MOST_DAYS * DAY ? null : at(needed.high);
  return { ...known, perDay, end: { estimate: at(needed.estimate), low: at(needed.low), high } };
}

/** Votes in spans of equal length that end now, the first span beginning with the first vote or `LOOK_BACK` days ago. */
export function countSpans(times: readonly number[], now: number): { spans: Float64Array; length: number } {
  const first = times.reduce((least, time) => Math.min(least, time), now - 1);
  const age = Math.min(now - first, LOOK_BACK * DAY);
  const days = Math.floor(age / DAY);
  const [count, length] = days >= LEAST_DAYS ? [days, DAY] : [SHORT_SPANS, Math.max(1, age / SHORT_SPANS)];
  const spans = new Float64Array(count);
  for (const time of times) {
    const back = Math.floor((now - time) / length);
    if (back >= 0 && back < count) spans[count - 1 - back]++;
  }
  return { spans, length };
}

/** Spans until so many more votes are cast: the expected number, and 95% of the draws' quantiles. */
export function spansNeeded(
  spans: Float64Array,
  remaining: number,
  seed: number,
): { estimate: number; low: number; high: number } {
  const random = new RandomStream(seed, "report/forecast");
  const draws = Float64Array.from({ length: DRAWS }, () => {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < spans.length; i++) {
      const count = spans[random.int(spans.length)];
      sum += count;
      squares += count ** 2;
    }
    const mean = sum / spans.length;
    if (mean === 0) return Number.POSITIVE_INFINITY;
    const variance = Math.max(0, squares / spans.length - mean ** 2) * (spans.length / (spans.length - 1));
    const needed = remaining / mean;
    const z = normalQuantile((random.int(1_000_000) + 0.5) / 1_000_000);
    return Math.max(0, needed + (Math.sqrt(needed * variance) / mean) * z);
  }).sort();
  const total = spans.reduce((sum, count) => sum + count, 0);
  return {
    estimate: (remaining * spans.length) / total,
    low: draws[Math.floor(0.025 * DRAWS)],
    high: draws[Math.ceil(0.975 * DRAWS) - 1],
  };
}
