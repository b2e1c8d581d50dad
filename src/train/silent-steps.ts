/** Iterations of an online method whose responses say nothing about which is better. */

type Metrics = Readonly<Record<string, number>>;

/** The settings by which equal rewards become different scores, or responses are left out of the loss. */
export interface SilenceSettings {
  batchSize: number;
  /** PPO's: the score of a response without an end differs. */
  missingEosPenalty?: number | null;
  missingEosScore?: number | null;
  /** GRPO's: responses without an end are left out. */
  maskTruncated?: boolean;
}

/** Standard deviation below which rewards count as equal. */
const EQUAL = 1e-8;

/** Why an iteration had nothing to learn from, with the metric that says so; undefined if it had. */
export function silenceOf(metrics: Metrics, settings: SilenceSettings): string | undefined {
  const truncated = metrics["response/truncated"];
  if (settings.maskTruncated && truncated === 1)
    return "every response was truncated, and maskTruncated leaves those out (response/truncated 1)";
  // GRPO compares within groups.
  if ("frac_reward_zero_std" in metrics)
    return metrics.frac_reward_zero_std === 1
      ? "all responses to a prompt had the same reward (frac_reward_zero_std 1)"
      : undefined;
  const differByEnd = (settings.missingEosPenalty ?? settings.missingEosScore ?? null) !== null;
  if (settings.batchSize < 2 || (differByEnd && truncated > 0 && truncated < 1)) return undefined;
  return metrics["objective/scores_std"] < EQUAL
    ? "all responses had the same reward (objective/scores_std 0)"
    : undefined;
}

/** A warning about a run that had such iterations; undefined if it had none. */
export function silenceOfRun(steps: readonly Metrics[], settings: SilenceSettings): string | undefined {
  const reasons = steps
    .map((metrics) => silenceOf(metrics, settings))
    .filter((reason) => reason !== undefined);
  if (reasons.length === 0) return undefined;
  const all = reasons.length === steps.length;
  return `${all ? `none of the ${steps.length}` : `${reasons.length} of ${steps.length}`} iterations had ${all ? "anything" : "nothing"} to learn from: ${reasons.at(-1)}`;
}
