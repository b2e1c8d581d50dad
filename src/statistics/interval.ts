/** An estimate with a confidence interval around it. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
  /**
   * Why the interval may cover the truth less often than stated, or why its ends are at their limits: what n is too
   * small for.
   */
  caution?: string;
}
