/**
 * Says so if a run's warm-up covers all of its steps, so that the learning rate never reaches its peak: the warm-up's first
 * step has the rate 0 (as in transformers), and its length is rounded up to a whole step. Undefined if it does not.
 *
 * @param unit what the steps are called: "steps".
 */
export function doubtOfWarmup(steps: number, warmup: number, unit: string): string | undefined {
  if (warmup < steps) return undefined;
  const remedy = `Set warmupRatio to 0, or train for more ${unit}.`;
  if (steps === 1)
    return `the run's only step is the warm-up's first, at a learning rate of 0: nothing is learned. ${remedy}`;
  const reached = Math.round((100 * (steps - 1)) / warmup);
  return `the warm-up covers all ${steps} ${unit}: the learning rate is 0 in the first and ends at ${reached}% of its peak. ${remedy}`;
}
