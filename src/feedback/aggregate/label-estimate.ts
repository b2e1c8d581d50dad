import type { LabelVotes } from "../votes.js";

/** What a method makes of labels. I items, W raters, K labels. */
export interface LabelEstimate {
  /** P(the truth of item i is label c), [I, K]. */
  posterior: Float64Array;
  /** P(rater w says y where the truth is c), [W, K, K] as w, c, y. */
  confusion: Float64Array;
}

/** Probabilities below this are taken for it before a logarithm. */
export const LEAST = 1e-10;

/** Divides each row of [rows, columns] by its sum; a row of zeros becomes even. */
export function normalizeRows(values: Float64Array, columns: number): void {
  for (let start = 0; start < values.length; start += columns) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += values[start + c];
    for (let c = 0; c < columns; c++) values[start + c] = sum > 0 ? values[start + c] / sum : 1 / columns;
  }
}

/** Rows of log-weights [rows, columns] to probabilities, in place. */
export function softmaxRows(values: Float64Array, columns: number): void {
  for (let start = 0; start < values.length; start += columns) {
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < columns; c++) most = Math.max(most, values[start + c]);
    for (let c = 0; c < columns; c++) values[start + c] = Math.exp(values[start + c] - most);
  }
  normalizeRows(values, columns);
}

/** Shares of each item's votes, [I, K]. @param weight of each vote, [V]; default 1. */
export function voteShares(votes: LabelVotes, weight?: ArrayLike<number>): Float64Array {
  const K = votes.labels.length;
  const shares = new Float64Array(votes.items.length * K);
  for (let v = 0; v < votes.item.length; v++)
    shares[votes.item[v] * K + votes.label[v]] += weight === undefined ? 1 : weight[v];
  normalizeRows(shares, K);
  return shares;
}

/** The likeliest label of each item, [I]; of equal ones the first. */
export function likeliest(posterior: Float64Array, columns: number): Int32Array {
  const best = new Int32Array(posterior.length / columns);
  for (let i = 0; i < best.length; i++)
    for (let c = 1; c < columns; c++)
      if (posterior[i * columns + c] > posterior[i * columns + best[i]]) best[i] = c;
  return best;
}

/**
 * Each rater's confusions where the truth is known up to a probability: [W, K, K], rows sum to 1.
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

/** The same as counts: [W, K, K], entry w, c, y is how often rater w said y where the truth was c. */
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

/** Mean of the rows of [rows, columns]. */
export function meanRow(values: Float64Array, columns: number): Float64Array {
  const mean = new Float64Array(columns);
  for (let at = 0; at < values.length; at++) mean[at % columns] += values[at];
  return mean.map((sum) => (sum * columns) / values.length);
}
