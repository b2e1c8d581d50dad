import type { Preference } from "./answer.js";

/** A preference of strength s out of S is 1/2 + s / 2S for its side; ties, and both being bad, 1/2. */
export function preferenceOutcome({ verdict, strength }: Preference, strengths: number): number {
  if (verdict === "tie" || verdict === "both-bad") return 0.5;
  const step = (strength ?? strengths) / (2 * strengths);
  return verdict === "left" ? 0.5 + step : 0.5 - step;
}
