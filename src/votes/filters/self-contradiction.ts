/**
 * Finds raters who answer a hidden repeat differently. Answers are compared in the stored order of the responses, so
 * preferring the left both times while the sides were swapped is a contradiction. Each contradiction is a warning; a
 * rater is held for more contradictions than honest raters have:
 *
 *     P(Bin(repeats, tolerated) >= contradictions) under Holm's procedure over raters.
 */
import { groupBy } from "../../base/group-by.js";
import { binomialTail } from "../../statistics/binomial.js";
import { mean } from "../../statistics/estimates.js";
import { holm } from "../../statistics/holm.js";
import type { Answer, Preference, Verdict } from "../tasks/index.js";
import { chance, type Finding, raterFinding } from "./finding.js";
import { preferredPlace } from "./straight-lining.js";
import { byRater, type JudgedItem } from "./votes.js";

/** Answers that differ by more than this contradict each other. */
const CONTRADICTION = 0.5;

/** @param tolerated largest share of repeats that honest raters answer differently. */
export function selfContradiction(
  judged: readonly JudgedItem[],
  { falseAlarms, tolerated }: { falseAlarms: number; tolerated: number },
): Finding[] {
  const raters = byRater(judged).map(([rater, own]) => ({ rater, own, ...repeatsOf(own) }));
  const p = raters.map(({ repeats, contradictions }) =>
    binomialTail(contradictions.length, repeats.length, tolerated),
  );
  const falls = holm(p, falseAlarms);
  return raters.flatMap(({ rater, own, repeats, contradictions }, i) => {
    const warnings = contradictions.map(([first, second, difference]) =>
      raterFinding(
        "self-contradiction",
        "warn",
        rater,
        [first.vote, second.vote],
        `${rater} judged item ${first.vote.item} twice and differently${samePlace(first, second) ? ", both times for the same place on the screen" : ""}`,
        { difference },
      ),
    );
    if (!falls[i]) return warnings;
    const byPlace = contradictions.filter(([first, second]) => samePlace(first, second)).length;
    const held = raterFinding(
      "self-contradiction",
      "hold",
      rater,
      own.map(({ vote }) => vote),
      `${rater} contradicted itself in ${contradictions.length} of ${repeats.length} hidden repeats, ${byPlace} times by taking the same place again; chance among honest raters ${chance(p[i])}`,
      { contradictions: contradictions.length, repeats: repeats.length, samePlace: byPlace, p: p[i] },
    );
    return [held, ...warnings];
  });
}

/**
 * The repeats that can be compared with the rater's earlier vote on the item; and for each contradiction both votes and
 * their difference.
 */
export function repeatsOf(own: readonly JudgedItem[]): {
  repeats: JudgedItem[];
  contradictions: [JudgedItem, JudgedItem, number][];
} {
  const repeats: JudgedItem[] = [];
  const contradictions: [JudgedItem, JudgedItem, number][] = [];
  for (const votes of groupBy(own, ({ vote }) => vote.item).values()) {
    for (const [i, second] of votes.entries()) {
      if (i === 0 || !second.vote.repeat) continue;
      const first = votes[i - 1];
      const difference = answerDifference(first.vote.answer, second.vote.answer, first.item.task.scale);
      if (difference === undefined) continue;
      repeats.push(second);
      if (difference > CONTRADICTION) contradictions.push([first, second, difference]);
    }
  }
  return { repeats, contradictions };
}

function samePlace(first: JudgedItem, second: JudgedItem): boolean {
  const [a, b] = [preferredPlace(first), preferredPlace(second)];
  return a !== undefined && a === b;
}

/**
 * The difference of two answers to one item, in [0, 1]. For comparisons: the mean over aspects of 1 (opposite sides),
 * 1/2 (one is a tie) or 0; for rankings: the share of pairs in opposite order (Kendall's distance), where ties count
 * half; for ratings: the mean distance divided by the length of the scale; for labels: 0 or 1. Undefined for written
 * answers, which cannot be compared.
 */
export function answerDifference(a: Answer, b: Answer, scale: number): number | undefined {
  switch (a.kind) {
    case "pairwise":
      return b.kind === "pairwise" ? verdictDistance(a.aspects, b.aspects) : undefined;
    case "ranking":
      return b.kind === "ranking" ? rankDistance(a.ranks, b.ranks) : undefined;
    case "likert":
      return b.kind === "likert" ? pointDistance(a.ratings, b.ratings, scale) : undefined;
    case "safety":
      return b.kind === "safety" ? Number(a.safe !== b.safe) : undefined;
    case "demonstration":
    case "rewrite":
      return undefined;
    default:
      return a satisfies never;
  }
}

type Verdicts = Readonly<Record<string, Preference>>;

function verdictDistance(a: Verdicts, b: Verdicts): number | undefined {
  const aspects = Object.keys(a).filter((aspect) => aspect in b);
  if (aspects.length === 0) return undefined;
  return mean(aspects.map((name) => Math.abs(side(a[name].verdict) - side(b[name].verdict))));
}

type Points = readonly Readonly<Record<string, number>>[];

function pointDistance(a: Points, b: Points, scale: number): number | undefined {
  const distances = a.flatMap((points, place) =>
    Object.entries(points).map(([name, value]) => Math.abs(value - (b[place]?.[name] ?? value))),
  );
  return distances.length === 0 ? undefined : mean(distances.map((d) => d / Math.max(1, scale - 1)));
}

const side = (verdict: Verdict): number => (verdict === "left" ? 1 : verdict === "right" ? 0 : 0.5);

function rankDistance(a: readonly number[], b: readonly number[]): number | undefined {
  let [distance, pairs] = [0, 0];
  for (let i = 0; i < Math.min(a.length, b.length); i++)
    for (let j = 0; j < i; j++) {
      pairs++;
      distance += Math.abs(Math.sign(a[i] - a[j]) - Math.sign(b[i] - b[j])) / 2;
    }
  return pairs === 0 ? undefined : distance / pairs;
}
