/**
 * psi(x), the derivative of log Gamma, for x > 0: recurrence up to x >= 10, then the asymptotic series (Abramowitz and
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
export const logSigmoid = (x: number): number => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));

/**
 * I_x(a, b), the regularised incomplete beta function, for a, b > 0 and x in [0, 1]: the continued fraction of
 * Abramowitz and Stegun 26.5.8, evaluated by Lentz's method. Relative error below 1e-10 for a, b up to 1e6.
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const logFront = a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  return (Math.exp(logFront) * betaFraction(x, a, b)) / a;
}

const SMALL = 1e-300;
const STEPS = 10_000;

function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number) => (Math.abs(value) < SMALL ? SMALL : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

/**
 * log Gamma(x) for x > 0: recurrence up to x >= 10, then Stirling's series (Abramowitz and Stegun 6.1.41). Error below
 * 1e-12.
 */
export function logGamma(x: number): number {
  let [shift, at] = [0, x];
  for (; at < 10; at++) shift += Math.log(at);
  const inverse = 1 / at ** 2;
  const series =
    (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / at;
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
