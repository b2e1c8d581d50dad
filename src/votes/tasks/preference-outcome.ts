import type { Preference } from "./answer.js";

/**
 * Outcome for the left side, in [0, 1]: a preference of strength s out of S gives its side 1/2 + s / 2S; "tie" and
 * "both-bad" are 1/2. Without a strength, s = S.
 */
export function preferenceOutcome({ verdict, strength }: Preference, strengths: number): number {
  if (verdict === "tie" || verdict === "both-bad") return 0.5;
  const step = (strength ?? strengths) / (2 * strengths);
  return verdict === "left" ? 0.5 + step : 0.5 - step;
}
