/** Student's t distribution, by the incomplete beta function (Abramowitz and Stegun 26.5.27). */
import { normalCdf, normalQuantile } from "./normal.js";
import { logGamma, regularizedBeta } from "./special-functions.js";

/**
 * P(T >= t) for Student's t distribution. @param freedom degrees of freedom; infinity gives the normal distribution.
 */
export function studentTail(t: number, freedom: number): number {
  if (!Number.isFinite(freedom)) return normalCdf(-t);
  const half = 0.5 * regularizedBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
  return t >= 0 ? half : 1 - half;
}

/**
 * The t with P(T <= t) = p, for 0 < p < 1 and freedom > 0. Newton's method, starting from the normal quantile, which is
 * nearer to 0; because of the distribution's curvature the steps never pass the root. Relative error below 1e-9.
 */
export function studentQuantile(p: number, freedom: number): number {
  if (!(p > 0 && p < 1 && freedom > 0))
    throw new RangeError(`quantile ${p} of t with ${freedom} degrees of freedom`);
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  if (!Number.isFinite(freedom)) return normalQuantile(p);
  const logScale = logGamma((freedom + 1) / 2) - logGamma(freedom / 2) - 0.5 * Math.log(freedom * Math.PI);
  const density = (t: number) => Math.exp(logScale - ((freedom + 1) / 2) * Math.log1p((t * t) / freedom));
  let t = normalQuantile(p);
  for (let i = 0; i < 200; i++) {
    const step = (studentTail(t, freedom) - (1 - p)) / density(t);
    t += step;
    if (Math.abs(step) <= 1e-12 * t) break;
  }
  return t;
}
