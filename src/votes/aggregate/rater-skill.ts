/**
 * How often each rater is right. The truths are uncertain and were estimated from the rater's own votes too, so
 * counting agreements overestimates skill. Instead, with q_v = P(vote v is right | the other votes on its item), the
 * likelihood of skill a is
 *
 *   L(a) = prod_v [ a q_v + (1 - a) (1 - q_v) / (K - 1) ],
 *
 * its maximum is the estimate, and { a : 2 log(L(max) / L(a)) <= t^2 } is the interval (Wilks 1938). For n votes, t is
 * the quantile of Student's t with n - 1 degrees of freedom; with the normal quantile the interval covers only 91%
 * where raters have 15 votes each.
 */
import type { Interval } from "../../statistics/estimates.js";
import { normalQuantile } from "../../statistics/normal.js";
import { studentQuantile } from "../../statistics/student.js";
import type { LabelVotes } from "../votes.js";
import { pooledDawidSkene } from "./dawid-skene.js";
import { classShares, type KnownLabels } from "./known-labels.js";
import { LEAST, softmaxRows } from "./label-estimate.js";
import { voteLists } from "./vote-lists.js";

/**
 * EM iterations from the method's truths with confusions shrunk towards the pool's, so that no rater with few votes
 * looks infallible.
 */
const POOLED_ITERATIONS = 20;
const BISECTIONS = 40;

/**
 * P(truth of vote v's item is c | the other votes on it), [V, K].
 *
 * @param posterior truths by any method, [I, K], as a starting point.
 * @param weight of each vote as evidence of the truth, [V]; default 1. @param known known labels, [I]; -1 where
 * unknown.
 */
export function truthByOthers(
  votes: LabelVotes,
  posterior: Float64Array,
  weight?: ArrayLike<number>,
  known?: KnownLabels,
): Float64Array {
  const K = votes.labels.length;
  const pooled = pooledDawidSkene(votes, {
    start: posterior.slice(),
    weight,
    known,
    iterations: POOLED_ITERATIONS,
    tolerance: 1e-6,
  });
  const prior = classShares(pooled.posterior, known, K);
  const logConfusion = pooled.confusion.map((p) => Math.log(Math.max(LEAST, p)));
  const logs = new Float64Array(posterior.length);
  for (let at = 0; at < logs.length; at++) logs[at] = Math.log(Math.max(LEAST, prior[at % K]));
  const add = (to: Float64Array, at: number, v: number, share: number) => {
    const from = votes.rater[v] * K * K + votes.label[v];
    for (let c = 0; c < K; c++) to[at + c] += share * logConfusion[from + c * K];
  };
  for (let v = 0; v < votes.item.length; v++) add(logs, votes.item[v] * K, v, weight?.[v] ?? 1);
  const truths = new Float64Array(votes.item.length * K);
  for (let v = 0; v < votes.item.length; v++) {
    for (let c = 0; c < K; c++) truths[v * K + c] = logs[votes.item[v] * K + c];
    add(truths, v * K, v, -(weight?.[v] ?? 1));
  }
  softmaxRows(truths, K);
  if (known !== undefined)
    for (let v = 0; v < votes.item.length; v++) {
      const label = known[votes.item[v]];
      for (let c = 0; c < K && label >= 0; c++) truths[v * K + c] = c === label ? 1 : 0;
    }
  return truths;
}

/** Each rater's skill in [0, 1] with its interval. @param truths as `truthByOthers` returns them, [V, K]. */
export function raterSkills(votes: LabelVotes, truths: Float64Array, confidence = 0.95): Interval[] {
  const K = votes.labels.length;
  const { start, vote } = voteLists(votes.rater, votes.raters.length);
  return votes.raters.map((_, w) => {
    const right = Float64Array.from(
      vote.subarray(start[w], start[w + 1]),
      (v) => truths[v * K + votes.label[v]],
    );
    const drop =
      right.length < 2
        ? Number.POSITIVE_INFINITY
        : studentQuantile(0.5 + confidence / 2, right.length - 1) ** 2 / 2;
    return skillOf(right, K, drop);
  });
}

/**
 * Each rater's skill if all truths were equally common: the mean over truths of P(right | truth). A rater who always
 * gives the commonest label gets 1 / K, and so does one who answers without looking. Each truth contributes (k + 1) /
 * (n + 2) for k right votes of n, both counted by the probabilities in `truths`; the interval is the normal interval of
 * the mean (Agresti and Coull 1998).
 */
export function balancedSkills(votes: LabelVotes, truths: Float64Array, confidence = 0.99): Interval[] {
  const K = votes.labels.length;
  const right = new Float64Array(votes.raters.length * K);
  const count = new Float64Array(votes.raters.length * K);
  for (let v = 0; v < votes.item.length; v++) {
    for (let c = 0; c < K; c++) count[votes.rater[v] * K + c] += truths[v * K + c];
    right[votes.rater[v] * K + votes.label[v]] += truths[v * K + votes.label[v]];
  }
  const z = normalQuantile(0.5 + confidence / 2);
  return votes.raters.map((_, w) => {
    let [estimate, variance] = [0, 0];
    for (let at = w * K; at < (w + 1) * K; at++) {
      const [n, p] = [count[at] + 2, (right[at] + 1) / (count[at] + 2)];
      estimate += p / K;
      variance += (p * (1 - p)) / (n * K * K);
    }
    const half = z * Math.sqrt(variance);
    return { estimate, low: Math.max(0, estimate - half), high: Math.min(1, estimate + half) };
  });
}

/** The votes on items whose label is known, and their part of `truths`, [V, K]. */
function onKnownItems(
  votes: LabelVotes,
  truths: Float64Array,
  known: KnownLabels,
): { votes: LabelVotes; truths: Float64Array } {
  const K = votes.labels.length;
  const kept = Int32Array.from(votes.item.keys()).filter((v) => known[votes.item[v]] >= 0);
  const take = (values: Int32Array) => kept.map((v) => values[v]);
  return {
    votes: { ...votes, item: take(votes.item), rater: take(votes.rater), label: take(votes.label) },
    truths: Float64Array.from(
      { length: kept.length * K },
      (_, at) => truths[kept[Math.floor(at / K)] * K + (at % K)],
    ),
  };
}

/** Balanced skills on known items alone, [W]; none where no label is known. */
export function skillsOnKnown(
  votes: LabelVotes,
  truths: Float64Array,
  known: KnownLabels | undefined,
): Interval[] {
  if (known === undefined || known.every((label) => label < 0)) return [];
  const part = onKnownItems(votes, truths, known);
  return balancedSkills(part.votes, part.truths);
}

function skillOf(q: Float64Array, labels: number, drop: number): Interval {
  const wrong = q.map((p) => (1 - p) / Math.max(1, labels - 1));
  const logLikelihood = (a: number): number => {
    let sum = 0;
    for (let i = 0; i < q.length; i++) sum += Math.log(Math.max(LEAST, a * q[i] + (1 - a) * wrong[i]));
    return sum;
  };
  const slope = (a: number): number => {
    let sum = 0;
    for (let i = 0; i < q.length; i++)
      sum += (q[i] - wrong[i]) / Math.max(LEAST, a * q[i] + (1 - a) * wrong[i]);
    return sum;
  };
  // The log-likelihood is concave, so its slope crosses 0 at most once.
  const even = q.every((p, i) => Math.abs(p - wrong[i]) < LEAST);
  const estimate = even ? 1 / labels : bisect((a) => slope(a) > 0, 0, 1);
  const least = logLikelihood(estimate) - drop;
  const inside = (a: number) => logLikelihood(a) >= least;
  return {
    estimate,
    low: inside(0) ? 0 : bisect((a) => !inside(a), 0, estimate),
    high: inside(1) ? 1 : bisect(inside, estimate, 1),
  };
}

/** The point between two ends where `below` changes from true to false. */
function bisect(below: (at: number) => boolean, low: number, high: number): number {
  let [from, to] = [low, high];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (from + to) / 2;
    if (below(middle)) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}
