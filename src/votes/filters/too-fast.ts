/**
 * Finds votes and raters too fast to have read the texts. The time t that rater w takes for an item is modelled as
 * lognormal:
 *
 *     log t = a_w + b log(words + 20) + e,   a_w ~ N(A, tau^2),  e ~ N(0, sigma^2)
 *
 * 1. b: the median slope between pairs of votes of one rater (Theil 1950, Sen 1968), kept within [0, 1].
 * 2. a_w: the median of a rater's log t - b log(words + 20); sigma: 1.4826 times the median absolute deviation from it.
 * 3. A: the median of a_w; tau^2: the square of 1.4826 MAD of a_w, minus the sampling variance of medians of few votes,
 *    moderated by prior knowledge about readers (Smyth 2004, "Linear models and empirical Bayes methods"): (d0 s0^2 + d
 *    tau^2) / (d0 + d), with d = .37 (W - 1).
 * 4. Raters: t-test of a_w below A with d0 + d degrees of freedom; votes: t-test of e below 0, with those of a MAD
 *    (efficiency .37).
 *
 * Because of the medians, up to half of the raters may be fast before fast counts as the norm. Holm's procedure over
 * raters, and over votes, each with half of the false alarms, bounds the probability that any honest rater or vote is
 * flagged.
 */

import { holm } from "../../statistics/holm.js";
import { median, NORMAL_MAD } from "../../statistics/median.js";
import { studentTail } from "../../statistics/student.js";
import { chance, type Finding, raterFinding } from "./finding.js";
import { byRater, type JudgedItem, promptText } from "./votes.js";

/** Least votes of a tested rater; fewer say too little about the pace. */
const MIN_VOTES = 8;
/** Most pairs of votes that the slope is estimated from. */
const MAX_PAIRS = 20_000;
/**
 * Prior spread of log paces between people (s0), and its weight in raters (d0). Reading speeds alone differ by a fifth
 * (Brysbaert 2019).
 */
const USUAL_SPREAD = 0.35;
const USUAL_WORTH = 10;
const EXTRA_WORDS = 20;
/** Efficiency of the median absolute deviation for normal data: the share of a sample's information that it keeps. */
const MAD_EFFICIENCY = 0.37;
/** Deviations from a median of n values are too small by about n / (n - .8) (Croux and Rousseeuw 1992). */
const MAD_BIAS = 0.8;
/** Variance of a median, relative to the variance of the mean. */
const MEDIAN_VARIANCE = Math.PI / 2;

interface TimedVote extends JudgedItem {
  logTime: number;
  logWords: number;
}

/** @param falseAlarms probability that any honest rater or vote is flagged. */
export function tooFast(judged: readonly JudgedItem[], falseAlarms: number): Finding[] {
  const raters = byRater(judged)
    .map(([rater, own]) => ({ rater, votes: own.flatMap(timed) }))
    .filter(({ votes }) => votes.length >= MIN_VOTES);
  if (raters.length === 0) return [];
  const slope = commonSlope(raters.map(({ votes }) => votes));
  const paced = raters.map(({ rater, votes }) => {
    const paces = votes.map(({ logTime, logWords }) => logTime - slope * logWords);
    const pace = median(paces);
    return { rater, votes, pace, errors: paces.map((value) => value - pace) };
  });
  const deviations = paced.flatMap(({ errors }) =>
    errors.map((error) => (Math.abs(error) * errors.length) / (errors.length - MAD_BIAS)),
  );
  const sigma = Math.max(0.05, NORMAL_MAD * median(deviations));
  const fast = fastRaters(paced, sigma, falseAlarms / 2);
  return [...fast.findings, ...singleVotes(paced, fast.found, sigma, falseAlarms / 2)];
}

interface Paced {
  rater: string;
  votes: TimedVote[];
  pace: number;
  errors: number[];
}

function fastRaters(
  paced: readonly Paced[],
  sigma: number,
  falseAlarms: number,
): { findings: Finding[]; found: Set<string> } {
  const center = median(paced.map(({ pace }) => pace));
  const sampling = paced.map(({ votes }) => (MEDIAN_VARIANCE * sigma ** 2) / votes.length);
  const spread = NORMAL_MAD * median(paced.map(({ pace }) => Math.abs(pace - center)));
  const observed = Math.max(0, spread ** 2 - median(sampling));
  const worth = MAD_EFFICIENCY * (paced.length - 1);
  const freedom = USUAL_WORTH + worth;
  const between = (USUAL_WORTH * USUAL_SPREAD ** 2 + worth * observed) / freedom;
  const p = paced.map(({ pace }, i) =>
    paced.length < 3 ? 1 : studentTail((center - pace) / Math.sqrt(between + sampling[i]), freedom),
  );
  const falls = holm(p, falseAlarms);
  const fast = paced.filter((_, i) => falls[i]);
  const findings = fast.map(({ rater, votes, pace }) => {
    const times = Math.exp(center - pace);
    const seconds = median(votes.map(({ logTime }) => Math.exp(logTime))) / 1000;
    const at = p[paced.findIndex((one) => one.rater === rater)];
    return raterFinding(
      "too-fast",
      "hold",
      rater,
      votes.map(({ vote }) => vote),
      `${rater} takes ${seconds.toFixed(1)} s for an item, ${times.toFixed(1)} times less than the median rater for texts as long; chance among honest raters ${chance(at)}`,
      { votes: votes.length, medianSeconds: seconds, timesFaster: times, p: at },
    );
  });
  return { findings, found: new Set(fast.map(({ rater }) => rater)) };
}

/** Votes far below their own rater's usual time, among raters who are not too fast overall. */
function singleVotes(
  paced: readonly Paced[],
  found: ReadonlySet<string>,
  sigma: number,
  falseAlarms: number,
): Finding[] {
  const single = paced
    .filter(({ rater }) => !found.has(rater))
    .flatMap(({ votes, errors }) => {
      const scale = sigma * Math.sqrt(1 + MEDIAN_VARIANCE / votes.length);
      return votes.map((vote, i) => ({ ...vote, error: errors[i], z: errors[i] / scale }));
    });
  const freedom = MAD_EFFICIENCY * single.length;
  const p = single.map(({ z }) => studentTail(-z, freedom));
  const falls = holm(p, falseAlarms);
  return single.flatMap(({ vote, error, logTime }, i) => {
    if (!falls[i]) return [];
    const seconds = Math.exp(logTime) / 1000;
    const times = Math.exp(-error);
    return raterFinding(
      "too-fast",
      "hold",
      vote.rater,
      [vote],
      `${vote.rater} took ${seconds.toFixed(1)} s for item ${vote.item}, ${times.toFixed(1)} times less than this rater's own pace for a text as long; chance ${chance(p[i])}`,
      { seconds, timesFaster: times, p: p[i] },
    );
  });
}

/** The vote with its log time, or nothing if the client reported no time, a negative one, or more than a day. */
function timed({ vote, item }: JudgedItem): TimedVote[] {
  const { milliseconds } = vote;
  if (milliseconds === undefined || !(milliseconds >= 0 && milliseconds <= 86_400_000)) return [];
  const words =
    countWords(promptText(item)) +
    item.content.responses.reduce((sum, { text }) => sum + countWords(text), 0);
  return [
    { vote, item, logTime: Math.log(Math.max(1, milliseconds)), logWords: Math.log(words + EXTRA_WORDS) },
  ];
}

/**
 * Number of words in a text. In scripts without spaces between words, every three characters count as one word more.
 */
export function countWords(text: string): number {
  let [words, inside, dense] = [0, false, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x2e80 && code <= 0xd7ff) dense++;
    const space = code <= 32 || code === 0xa0;
    if (!space && !inside) words++;
    inside = !space;
  }
  return words + Math.floor(dense / 3);
}

/** Median slope over pairs of votes of the same rater, half the list apart when sorted by words; clamped to [0, 1]. */
function commonSlope(lists: readonly (readonly TimedVote[])[]): number {
  const slopes: number[] = [];
  for (const votes of lists) {
    const sorted = [...votes].sort((a, b) => a.logWords - b.logWords);
    const half = Math.floor(sorted.length / 2);
    for (let i = 0; i + half < sorted.length && slopes.length < MAX_PAIRS; i++) {
      const [a, b] = [sorted[i], sorted[i + half]];
      if (b.logWords > a.logWords) slopes.push((b.logTime - a.logTime) / (b.logWords - a.logWords));
    }
  }
  return slopes.length === 0 ? 0 : Math.min(1, Math.max(0, median(slopes)));
}
