import { normalQuantile } from "../../statistics/normal.js";

/** Scores of candidates on the logistic scale: P(i beats j) = sigmoid(score_i - score_j). Their mean is 0. */
export interface ScoreEstimate {
  /** [C]. */
  score: Float64Array;
  /** Ends of the 95% intervals, [C]. */
  low: Float64Array;
  high: Float64Array;
}

/** The comparisons of candidates a and b: their number, and how many of them a won (a tie is half a win). */
export interface Duel {
  a: number;
  b: number;
  count: number;
  wins: number;
}

/**
 * Groups votes into duels, one for each pair of candidates. @param outcome of `left`, in [0, 1], [V]. @param weight
 * [V], default 1.
 */
export function duelsOf(
  left: Int32Array,
  right: Int32Array,
  outcome: ArrayLike<number>,
  weight?: ArrayLike<number>,
): Duel[] {
  const duels = new Map<string, Duel>();
  for (let v = 0; v < left.length; v++) {
    const [a, b] = left[v] < right[v] ? [left[v], right[v]] : [right[v], left[v]];
    const key = `${a} ${b}`;
    let duel = duels.get(key);
    if (duel === undefined) duels.set(key, (duel = { a, b, count: 0, wins: 0 }));
    const share = weight?.[v] ?? 1;
    duel.count += share;
    duel.wins += share * (a === left[v] ? outcome[v] : 1 - outcome[v]);
  }
  return [...duels.values()];
}

/** Up to this many candidates the whole information matrix is inverted; with more, only its diagonal. */
export const MAX_INVERTED = 500;

/**
 * Intervals of centred scores from the observed information H (the Hessian of minus the log posterior): score +- z
 * sqrt((H + M 1 1' / C)^-1_ii), where a large M fixes the mean at 0. With more than `MAX_INVERTED` candidates it is
 * score +- z / sqrt(H_ii), which ignores the uncertainty of the other candidates and is somewhat too narrow for a
 * candidate with few opponents.
 *
 * @param edges contributions of two candidates to H: information w adds w to both diagonal entries and -w to the
 * entries between them.
 * @param prior added to the diagonal, [C].
 */
export function withIntervals(
  score: Float64Array,
  edges: readonly { a: number; b: number; information: number }[],
  prior: Float64Array,
  confidence = 0.95,
): ScoreEstimate {
  const C = score.length;
  const z = normalQuantile(0.5 + confidence / 2);
  const variance = C <= MAX_INVERTED ? centredVariances(C, edges, prior) : new Float64Array(C);
  if (C > MAX_INVERTED) {
    variance.set(prior);
    for (const { a, b, information } of edges) {
      variance[a] += information;
      variance[b] += information;
    }
    for (let i = 0; i < C; i++) variance[i] = 1 / variance[i];
  }
  return {
    score,
    low: score.map((s, i) => s - z * Math.sqrt(variance[i])),
    high: score.map((s, i) => s + z * Math.sqrt(variance[i])),
  };
}

/** How much more precisely the mean is fixed than a score is known. */
const MEAN_HELD = 1e6;

function centredVariances(
  C: number,
  edges: readonly { a: number; b: number; information: number }[],
  prior: Float64Array,
): Float64Array {
  const scale = edges.reduce((sum, { information }) => sum + information, prior[0] ?? 0) / C;
  const H = Array.from({ length: C }, (_, i) => {
    const row = new Float64Array(C).fill((MEAN_HELD * scale) / C);
    row[i] += prior[i];
    return row;
  });
  for (const { a, b, information } of edges) {
    H[a][a] += information;
    H[b][b] += information;
    H[a][b] -= information;
    H[b][a] -= information;
  }
  return inverseDiagonal(H);
}

/** Diagonal of the inverse of a positive definite matrix, by Cholesky: A = L L', (A^-1)_ii = sum_k (L^-1)_ki^2. */
export function inverseDiagonal(A: readonly Float64Array[]): Float64Array {
  const n = A.length;
  const L = A.map((row) => row.slice());
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = L[i][j];
      for (let k = 0; k < j; k++) sum -= L[i][k] * L[j][k];
      L[i][j] = i === j ? Math.sqrt(Math.max(sum, Number.EPSILON)) : sum / L[j][j];
    }
  const diagonal = new Float64Array(n);
  const column = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let k = i; k < n; k++) {
      let sum = k === i ? 1 : 0;
      for (let j = i; j < k; j++) sum -= L[k][j] * column[j];
      column[k] = sum / L[k][k];
      diagonal[i] += column[k] ** 2;
    }
  }
  return diagonal;
}

/** Shifts scores to a mean of 0, in place. */
export function centre(score: Float64Array): Float64Array {
  const mean = score.reduce((sum, s) => sum + s, 0) / Math.max(1, score.length);
  for (let i = 0; i < score.length; i++) score[i] -= mean;
  return score;
}
