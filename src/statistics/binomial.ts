/** Exact tail probabilities of the binomial distribution, by the incomplete beta function. */
import { regularizedBeta } from "./special-functions.js";

/** P(X >= k) for X ~ Binomial(n, p): I_p(k, n - k + 1). */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return regularizedBeta(p, k, n - k + 1);
}
