/** A piece whose slope differs from the whole line's by more than this share is a bend. */
const BEND = 0.25;

export interface Line {
  /** Time without work, and per unit of work. */
  fixed: number;
  perUnit: number;
  r2: number;
  /** Slope of each piece between neighbouring points, as a multiple of the line's. */
  slopes: number[];
  /** The first piece that does not follow the line; undefined if all do. */
  bend: number | undefined;
}

/**
 * Least squares fit of time = fixed + perUnit x work, over points in order of work, with equal weight on relative
 * errors.
 */
export function fitLine(work: readonly number[], time: readonly number[]): Line {
  const weights = time.map((t) => 1 / t ** 2);
  const total = (pick: (i: number) => number): number =>
    work.reduce((sum, _, i) => sum + weights[i] * pick(i), 0);
  const all = total(() => 1);
  const [meanWork, meanTime] = [total((i) => work[i]) / all, total((i) => time[i]) / all];
  const perUnit =
    total((i) => (work[i] - meanWork) * (time[i] - meanTime)) / total((i) => (work[i] - meanWork) ** 2);
  const fixed = meanTime - perUnit * meanWork;
  const residual = total((i) => (time[i] - fixed - perUnit * work[i]) ** 2);
  const slopes = work.slice(1).map((next, i) => (time[i + 1] - time[i]) / (next - work[i]) / perUnit);
  const bend = slopes.findIndex((slope) => Math.abs(slope - 1) > BEND);
  return {
    fixed,
    perUnit,
    r2: 1 - residual / total((i) => (time[i] - meanTime) ** 2),
    slopes,
    bend: bend < 0 ? undefined : bend,
  };
}
