import type { LabelVotes } from "../votes.js";

/** A method's estimate from labels, with I items, W raters and K labels. */
export interface LabelEstimate {
  /** P(the truth of item i is label c), [I, K]. */
  posterior: Float64Array;
  /** P(rater w says y where the truth is c), [W, K, K] as w, c, y. */
  confusion: Float64Array;
}

/** Smaller probabilities are raised to this before taking a logarithm. */
export const LEAST = 1e-10;

/** Divides each row of [rows, columns] by its sum; a row of zeros becomes uniform. */
export function normalizeRows(values: Float64Array, columns: number): void {
  for (let start = 0; start < values.length; start += columns) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += values[start + c];
    for (let c = 0; c < columns; c++) values[start + c] = sum > 0 ? values[start + c] / sum : 1 / columns;
  }
}

/** Turns rows of log-weights [rows, columns] into probabilities, in place. */
export function softmaxRows(values: Float64Array, columns: number): void {
  for (let start = 0; start < values.length; start += columns) {
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < columns; c++) most = Math.max(most, values[start + c]);
    for (let c = 0; c < columns; c++) values[start + c] = Math.exp(values[start + c] - most);
  }
  normalizeRows(values, columns);
}

/** Share of each label among an item's votes, [I, K]. @param weight of each vote, [V]; default 1. */
export function voteShares(votes: LabelVotes, weight?: ArrayLike<number>): Float64Array {
  const K = votes.labels.length;
  const shares = new Float64Array(votes.items.length * K);
  for (let v = 0; v < votes.item.length; v++)
    shares[votes.item[v] * K + votes.label[v]] += weight === undefined ? 1 : weight[v];
  normalizeRows(shares, K);
  return shares;
}

/** The likeliest label of each item, [I]; on a tie, the first. */
export function likeliest(posterior: Float64Array, columns: number): Int32Array {
  const best = new Int32Array(posterior.length / columns);
  for (let i = 0; i < best.length; i++)
    for (let c = 1; c < columns; c++)
      if (posterior[i * columns + c] > posterior[i * columns + best[i]]) best[i] = c;
  return best;
}

/**
 * Each rater's confusions given probabilities of the truths, [W, K, K]; rows sum to 1.
 *
 * @param pseudo added to every count. @param weight of each vote, [V]; default 1.
 */
export function confusions(
  votes: LabelVotes,
  posterior: Float64Array,
  pseudo: number,
  weight?: ArrayLike<number>,
): Float64Array {
  const counts = confusionCounts(votes, posterior, weight);
  for (let at = 0; at < counts.length; at++) counts[at] += pseudo;
  normalizeRows(counts, votes.labels.length);
  return counts;
}

/** Like confusions, as counts [W, K, K]: entry w, c, y is how often rater w said y where the truth was c. */
export function confusionCounts(
  votes: LabelVotes,
  posterior: Float64Array,
  weight?: ArrayLike<number>,
): Float64Array {
  const K = votes.labels.length;
  const counts = new Float64Array(votes.raters.length * K * K);
  for (let v = 0; v < votes.item.length; v++) {
    const share = weight === undefined ? 1 : weight[v];
    for (let c = 0; c < K; c++)
      counts[(votes.rater[v] * K + c) * K + votes.label[v]] += share * posterior[votes.item[v] * K + c];
  }
  return counts;
}

/** Mean of the rows of [rows, columns], scaled as [columns]. */
export function meanRow(values: Float64Array, columns: number): Float64Array {
  const mean = new Float64Array(columns);
  for (let at = 0; at < values.length; at++) mean[at % columns] += values[at];
  return mean.map((sum) => (sum * columns) / values.length);
}

/** How often each rater is right, all truths counting the same, [W]. @param confusion [W, K, K]. */
export const meanRight = (
  confusion: Float64Array,
  { raters, labels: { length: K } }: LabelVotes,
): Float64Array =>
  Float64Array.from(raters, (_, w) => {
    let sum = 0;
    for (let c = 0; c < K; c++) sum += confusion[(w * K + c) * K + c] / K;
    return sum;
  });
