import { z } from "zod";

export const scheduleSchema = z.enum(["constant", "linear", "cosine"]);
export type Schedule = z.infer<typeof scheduleSchema>;

/** Steps of the warm-up: `warmupRatio` of all, rounded up. */
export const warmupSteps = (totalSteps: number, { warmupRatio }: { warmupRatio: number }): number =>
  Math.ceil(totalSteps * warmupRatio);

/**
 * Learning rate of a step: a linear warm-up from 0, then constant, or decaying to 0 at `totalSteps` linearly or along
 * half a cosine (as transformers' get_scheduler does).
 *
 * @param step counted from 0.
 */
export function learningRate(
  step: number,
  peak: number,
  schedule: Schedule,
  warmupSteps: number,
  totalSteps: number,
): number {
  if (step < warmupSteps) return (peak * step) / Math.max(1, warmupSteps);
  if (schedule === "constant") return peak;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  return peak * (schedule === "linear" ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress)));
}
