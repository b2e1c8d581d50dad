/** An estimate with a confidence interval around it. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
  /** Why it may hold the truth less often than it says, or why the ends are as far as they can be: what n is too small for. */
  caution?: string;
}
