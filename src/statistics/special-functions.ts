/**
 * psi(x), the derivative of log Gamma, for x > 0: recurrence up to x >= 6, then the asymptotic series (Abramowitz and
 * Stegun 6.3.5 and 6.3.18). Error below 1e-12.
 */
export function digamma(x: number): number {
  let [result, at] = [0, x];
  for (; at < 10; at++) result -= 1 / at;
  const inverse = 1 / at ** 2;
  const series =
    inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse * (1 / 240 - inverse / 132))));
  return result + Math.log(at) - 0.5 / at - series;
}

/** 1 / (1 + exp(-x)). */
export const sigmoid = (x: number): number =>
  x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));

/** log sigmoid(x), without overflow. */
export const logSigmoid = (x: number): number =>
  x >= 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x));

/** log Gamma(x) for x > 0: recurrence up to x >= 10, then Stirling's series (Abramowitz and Stegun 6.1.40). Error below 1e-11. */
export function logGamma(x: number): number {
  let [shift, at] = [0, x];
  for (; at < 10; at++) shift += Math.log(at);
  const inverse = 1 / at ** 2;
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / at;
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift;
}
