/**
 * Finds raters who answer by place and not by content. The server shuffles the responses, so every place is equally
 * likely to hold the one that a rater thinks best.
 *
 * - Place: for n answers that prefer one of k places, m of them the rater's favourite, the test is P(Bin(n, q) >= m)
 *   with q = 1/k + tolerated (1 - 1/k), because a mild habit is human. Bonferroni over the places.
 * - Runs: given how often each side was chosen, the number of runs in an honest rater's sides has the exact
 *   distribution of Wald and Wolfowitz (1940). Both too few runs (blocks) and too many (left, right, left, ...) count.
 *   Only for comparisons.
 * - Sameness, for ratings and labels, whose answers do not depend on the place: the share of a rater's most frequent
 *   answer is tested against q + 1/2 (1 - q), where q is the share of that answer among all other raters' answers.
 *
 * Holm's procedure over raters and tests bounds the probability that any honest rater is flagged.
 */
import { formatPercent } from "../../base/format.js";
import { groupBy } from "../../base/group-by.js";
import { binomialTail } from "../../statistics/binomial.js";
import { holm } from "../../statistics/holm.js";
import { logGamma } from "../../statistics/special-functions.js";
import type { CastVote } from "../tasks/index.js";
import { chance, type Finding, raterFinding } from "./finding.js";
import { byRater, type JudgedItem, mainVerdict, shownVerdict } from "./votes.js";

/** A rater with fewer answers is not tested. */
const MIN_ANSWERS = 10;
/** Tolerated excess of a rater's most frequent answer over its share among others, as a part of the rest to 1. */
const TOLERATED_SAMENESS = 0.5;
/** Answers in one block of the exact test of runs; later ones are tested in further blocks. */
const MAX_RUN_ANSWERS = 2000;

interface Test {
  rater: string;
  votes: CastVote[];
  p: number;
  evidence: string;
  figures: Record<string, number>;
}

/** @param toleratedBias tolerated excess of a favourite place over 1/k, as a part of the rest to 1. */
export function straightLining(
  judged: readonly JudgedItem[],
  { falseAlarms, toleratedBias }: { falseAlarms: number; toleratedBias: number },
): Finding[] {
  const pool = patternCounts(judged);
  const tests = byRater(judged).flatMap(([rater, own]) => [
    ...placeTests(rater, own, toleratedBias),
    ...runTests(rater, own),
    ...samenessTests(rater, own, pool),
  ]);
  const falls = holm(
    tests.map(({ p }) => p),
    falseAlarms,
  );
  return tests
    .filter((_, i) => falls[i])
    .map(({ rater, votes, p, evidence, figures }) =>
      raterFinding(
        "straight-lining",
        "hold",
        rater,
        votes,
        `${evidence}; chance among honest raters ${chance(p)}`,
        { ...figures, p },
      ),
    );
}

/** The place on the screen that an answer prefers, from 0; undefined if it prefers none. */
export function preferredPlace({ vote }: JudgedItem): number | undefined {
  const { answer, order } = vote;
  switch (answer.kind) {
    case "pairwise": {
      const verdict = shownVerdict(mainVerdict(vote) ?? "tie", order);
      return verdict === "left" ? 0 : verdict === "right" ? 1 : undefined;
    }
    case "ranking": {
      const best = answer.ranks.filter((rank) => rank === 1).length === 1 ? answer.ranks.indexOf(1) : -1;
      return best < 0 ? undefined : order.indexOf(best);
    }
    case "likert":
    case "safety":
    case "demonstration":
    case "rewrite":
      return undefined;
    default:
      return answer satisfies never;
  }
}

function placeTests(rater: string, own: readonly JudgedItem[], tolerated: number): Test[] {
  const placed = own.filter((one) => (preferredPlace(one) ?? -1) >= 0);
  return [...groupBy(placed, ({ vote }) => String(vote.order.length))].flatMap(([size, votes]) => {
    const [k, n] = [Number(size), votes.length];
    if (n < MIN_ANSWERS) return [];
    const counts = new Array<number>(k).fill(0);
    for (const one of votes) counts[preferredPlace(one) as number]++;
    const most = Math.max(...counts);
    const place = counts.indexOf(most) + 1;
    const share = 1 / k + tolerated * (1 - 1 / k);
    return [
      {
        rater,
        votes: votes.map(({ vote }) => vote),
        p: Math.min(1, k * binomialTail(most, n, share)),
        evidence: `${rater} preferred place ${place} of ${k} in ${most} of ${n} answers (${formatPercent(most / n)}), though places are shuffled`,
        figures: { place, count: most, answers: n, share: most / n },
      },
    ];
  });
}

function runTests(rater: string, own: readonly JudgedItem[]): Test[] {
  const sided = own.filter((one) => one.vote.answer.kind === "pairwise" && preferredPlace(one) !== undefined);
  const tests: Test[] = [];
  for (let start = 0; start < sided.length; start += MAX_RUN_ANSWERS) {
    const votes = sided.slice(start, start + MAX_RUN_ANSWERS);
    const sides = votes.map((one) => preferredPlace(one) as number);
    const [lefts, rights] = [sides.filter((side) => side === 0).length, sides.filter((s) => s === 1).length];
    if (Math.min(lefts, rights) === 0 || sides.length < MIN_ANSWERS) continue;
    const runs = 1 + sides.filter((side, i) => i > 0 && side !== sides[i - 1]).length;
    const expected = 1 + (2 * lefts * rights) / (lefts + rights);
    tests.push({
      rater,
      votes: votes.map(({ vote }) => vote),
      p: runsP(runs, lefts, rights),
      evidence: `${rater}'s ${sides.length} sides came in ${runs} runs, where ${expected.toFixed(0)} were expected`,
      figures: { runs, expected, answers: sides.length },
    });
  }
  return tests;
}

/**
 * Two-sided p-value of a number of runs among n1 + n2 symbols in random order: twice the smaller tail, at most 1. With
 * C the binomial coefficient, P(R = 2k) = 2 C(n1-1, k-1) C(n2-1, k-1) / C(n1+n2, n1) and P(R = 2k+1) = [C(n1-1, k)
 * C(n2-1, k-1) + C(n1-1, k-1) C(n2-1, k)] / C(n1+n2, n1).
 */
export function runsP(runs: number, n1: number, n2: number): number {
  const all = logChoose(n1 + n2, n1);
  const both = (a: number, b: number) => Math.exp(logChoose(n1 - 1, a) + logChoose(n2 - 1, b) - all);
  const probability = (r: number) => {
    const k = Math.floor(r / 2);
    return r % 2 === 0 ? 2 * both(k - 1, k - 1) : both(k, k - 1) + both(k - 1, k);
  };
  let [below, above] = [0, 0];
  for (let r = 2; r <= n1 + n2; r++) {
    const p = probability(r);
    if (r <= runs) below += p;
    if (r >= runs) above += p;
  }
  return Math.min(1, 2 * Math.min(below, above));
}

function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return Number.NEGATIVE_INFINITY;
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/** The answer as a text that is the same for equal answers; undefined for kinds of answers that prefer a place. */
function pattern({ vote: { answer } }: JudgedItem): string | undefined {
  switch (answer.kind) {
    case "likert":
      return JSON.stringify(answer.ratings.map((points) => Object.entries(points).sort()));
    case "safety":
      return `${answer.safe} ${[...answer.categories].sort()}`;
    case "pairwise":
    case "ranking":
    case "demonstration":
    case "rewrite":
      return undefined;
    default:
      return answer satisfies never;
  }
}

function patternCounts(judged: readonly JudgedItem[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of judged) {
    const key = pattern(one);
    if (key === undefined) continue;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const kind = one.vote.answer.kind;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function samenessTests(rater: string, own: readonly JudgedItem[], pool: ReadonlyMap<string, number>): Test[] {
  const rated = own.filter((one) => pattern(one) !== undefined);
  return [...groupBy(rated, ({ vote }) => vote.answer.kind)].flatMap(([kind, votes]) => {
    const n = votes.length;
    const others = (pool.get(kind) ?? 0) - n;
    if (n < MIN_ANSWERS || others < MIN_ANSWERS) return [];
    const patterns = groupBy(votes, (one) => pattern(one) as string);
    const [key, same] = [...patterns].reduce((a, b) => (b[1].length > a[1].length ? b : a));
    const q = ((pool.get(key) ?? 0) - same.length) / others;
    const share = q + TOLERATED_SAMENESS * (1 - q);
    return [
      {
        rater,
        votes: votes.map(({ vote }) => vote),
        p: Math.min(1, patterns.size * binomialTail(same.length, n, share)),
        evidence: `${rater} gave the same ${kind} answer to ${same.length} of ${n} items (${formatPercent(same.length / n)}); others give it to ${formatPercent(q)}`,
        figures: { count: same.length, answers: n, share: same.length / n, others: q },
      },
    ];
  });
}
