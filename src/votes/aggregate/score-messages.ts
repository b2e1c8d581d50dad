import type { ComparedPairs } from "./compared-pairs.js";
import { centre, type ScoreEstimate } from "./score-estimate.js";

/** The distribution of a pair's score difference without the pair's own votes. */
interface Cavity {
  mean: number;
  variance: number;
  /** Precision, and precision times mean, of each candidate. */
  left: readonly [number, number];
  right: readonly [number, number];
}

/** Lower bound of a precision. */
const MIN_PRECISION = 1e-6;

/**
 * Normal posteriors of scores, as products of the prior and one message per pair (expectation propagation, Minka 2001),
 * stored as precisions and precisions times means.
 */
export class ScoreMessages {
  private readonly precision: Float64Array; // [C]
  private readonly shift: Float64Array; // [C]
  /** From each pair to its left and right candidate, [P, 2]. */
  private readonly pairPrecision: Float64Array;
  private readonly pairShift: Float64Array;
  /** Number of pairs that a candidate occurs in, [C]. */
  private readonly degree: Int32Array;

  constructor(
    candidates: number,
    private readonly pairs: ComparedPairs,
  ) {
    this.precision = new Float64Array(candidates);
    this.shift = new Float64Array(candidates);
    this.pairPrecision = new Float64Array(pairs.left.length * 2);
    this.pairShift = new Float64Array(pairs.left.length * 2);
    this.degree = new Int32Array(candidates);
    for (const c of pairs.left) this.degree[c]++;
    for (const c of pairs.right) this.degree[c]++;
  }

  /** Starts a round of updates: resets the posteriors to all messages on a prior N(0, variance). */
  setPrior(variance: number): void {
    this.precision.fill(1 / variance);
    this.shift.fill(0);
    for (let p = 0; p < this.pairs.left.length; p++) {
      for (const [side, c] of [this.pairs.left[p], this.pairs.right[p]].entries()) {
        this.precision[c] += this.pairPrecision[p * 2 + side];
        this.shift[c] += this.pairShift[p * 2 + side];
      }
    }
  }

  cavity(p: number): Cavity {
    const [left, right] = [this.without(p, 0), this.without(p, 1)];
    return {
      left,
      right,
      mean: left[1] / left[0] - right[1] / right[0],
      variance: 1 / left[0] + 1 / right[0],
    };
  }

  /**
   * Updates the messages of a pair whose difference has posterior mean `mean` and variance `spread`, given prior
   * variance `total`.
   */
  update(
    p: number,
    { left, right, mean: before }: Cavity,
    mean: number,
    spread: number,
    total: number,
  ): void {
    for (const [side, [precision, shift]] of [left, right].entries()) {
      const c = side === 0 ? this.pairs.left[p] : this.pairs.right[p];
      const pull = 1 / precision / total;
      const updated = 1 / Math.max(MIN_PRECISION, 1 / precision + pull ** 2 * (spread - total));
      const at = shift / precision + (side === 0 ? 1 : -1) * pull * (mean - before);
      this.pairPrecision[p * 2 + side] = Math.max(0, updated - precision);
      this.pairShift[p * 2 + side] =
        updated > precision ? at * updated - shift : (at - shift / precision) * precision;
      this.precision[c] = precision + this.pairPrecision[p * 2 + side];
      this.shift[c] = shift + this.pairShift[p * 2 + side];
    }
  }

  /** Sum of E[score^2]. */
  squares(): number {
    let sum = 0;
    for (let c = 0; c < this.precision.length; c++)
      sum += (this.shift[c] / this.precision[c]) ** 2 + 1 / this.precision[c];
    return sum;
  }

  /** Centred scores, with intervals of `z` standard deviations. */
  scores(z: number): ScoreEstimate {
    const score = centre(this.shift.map((shift, c) => shift / this.precision[c]));
    const half = this.precision.map((precision) => z / Math.sqrt(precision));
    return { score, low: score.map((s, c) => s - half[c]), high: score.map((s, c) => s + half[c]) };
  }

  /** Precision and shift of a pair's candidate without the pair's message. */
  private without(p: number, side: 0 | 1): [number, number] {
    const c = side === 0 ? this.pairs.left[p] : this.pairs.right[p];
    if (this.degree[c] === 1) return [this.precision[c] - this.pairPrecision[p * 2 + side], 0];
    return [
      Math.max(MIN_PRECISION, this.precision[c] - this.pairPrecision[p * 2 + side]),
      this.shift[c] - this.pairShift[p * 2 + side],
    ];
  }
}
