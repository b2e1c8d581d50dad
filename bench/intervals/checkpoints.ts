/** Designs of a training run's checkpoints, the best of which is chosen by the same answers that it is then judged by. */
import { type Checkpoint, overOptimization } from "../../src/demo/over-optimization.js";
import { meanInterval } from "../../src/statistics/means.js";
import { type Design, times } from "./measure.js";

const PROMPTS = 279;

/**
 * Gold at its highest of 21 checkpoints, less gold at the start and at the end.
 *
 * @param ease chance that a prompt's answer is a good one (gold 1, otherwise -2), on average over prompts, at each
 *   checkpoint; prompts differ, and stay harder or easier than others throughout.
 */
const highestOfMany = (shape: string, ease: (share: number) => number, quick = false): Design => ({
  data: `gold of 21 checkpoints, ${shape}, one answer to each of ${PROMPTS} prompts`,
  used: "check:over-optimization: rise and fall",
  interval:
    "Student's and Hall's t, the wider end, of the prompts' differences, for all checkpoints at once (Bonferroni)",
  n: `${PROMPTS} prompts`,
  promise: "wide",
  quick,
  every: 10,
  trial: (random) => {
    const eases = times(21, (t) => ease(t / 20));
    const places = times(PROMPTS, () => 0.2 * (random.uniform() - 0.5));
    const curve = eases.map((average, iteration): Checkpoint => {
      const goldByPrompt = places.map((place) => (random.uniform() < average + place ? 1 : -2));
      const still = meanInterval([iteration, iteration]);
      return { iteration, kl: still, proxy: still, gold: meanInterval(goldByPrompt), goldByPrompt };
    });
    const { peak, rise, fall } = overOptimization(curve);
    const truth = eases.map((average) => 3 * average - 2);
    return [
      { interval: rise, truth: truth[peak.iteration] - truth[0] },
      { interval: fall, truth: truth[peak.iteration] - truth[20] },
    ];
  },
});

export const CHECKPOINTS: Design[] = [
  highestOfMany("all alike", () => 0.6, true),
  highestOfMany(
    "which rise, stay and fall",
    (share) => 0.8 - 1.6 * Math.max(0, Math.abs(share - 0.5) - 0.25),
  ),
  highestOfMany("with one peak", (share) => 0.8 - 0.8 * Math.abs(share - 0.4)),
];
