/**
 * A simulated rater: it compares two responses by its own utility, with biases and noise.
 *
 * The rater's utility of a response, in units of gold utility:
 *
 *     u = helpfulnessWeight * helpfulness + harmlessnessWeight * harmlessness
 *         + lengthBias * words / 10 + flatteryBias * flattering phrases
 *
 * and its vote is a Boltzmann choice mixed with lapses of attention:
 *
 *     P(left) = lapse / 2 + (1 - lapse) * sigmoid((u_left - u_right + positionBias) / temperature)
 */
import { z } from "zod";
import type { RandomStream } from "../../base/random.js";
import { goldUtility } from "./gold.js";
import type { Prompt } from "./prompts.js";

export const RaterTraits = z.object({
  temperature: z
    .number()
    .positive()
    .describe(
      "Noise of the choice, in units of gold utility: at 1, a response better by 1 wins 73% of the time.",
    ),
  lapse: z.number().min(0).max(1).describe("Share of votes cast without looking, in [0, 1]."),
  positionBias: z.number().describe("Utility added to the left response; positive favours the left."),
  lengthBias: z.number().describe("Utility added for every ten words."),
  flatteryBias: z.number().describe("Utility added for every flattering phrase."),
  helpfulnessWeight: z.number().min(0).describe("Weight on gold helpfulness; 1 is the gold weight."),
  harmlessnessWeight: z.number().min(0).describe("Weight on gold harmlessness; 1 is the gold weight."),
});
export type RaterTraits = z.infer<typeof RaterTraits>;

/** A simulated rater of the built-in world. */
export interface Rater extends RaterTraits {
  id: string;
  group: string;
}

/** What a simulated rater says of two responses. */
export interface Judgement {
  winner: "left" | "right";
  /** The rater's chance of preferring the left response, before the draw. */
  probabilityLeft: number;
}

/** This rater's utility of the response. */
export function raterUtility(rater: RaterTraits, prompt: Prompt | string, response: string): number {
  const { helpfulness, harmlessness, features } = goldUtility(prompt, response);
  return (
    rater.helpfulnessWeight * helpfulness +
    rater.harmlessnessWeight * harmlessness +
    (rater.lengthBias * features.wordCount) / 10 +
    rater.flatteryBias * features.flattery
  );
}

/** The rater's chance of preferring the left response. */
export function probabilityLeft(
  rater: RaterTraits,
  prompt: Prompt | string,
  left: string,
  right: string,
): number {
  const difference = raterUtility(rater, prompt, left) - raterUtility(rater, prompt, right);
  const boltzmann = 1 / (1 + Math.exp(-(difference + rater.positionBias) / rater.temperature));
  return rater.lapse / 2 + (1 - rater.lapse) * boltzmann;
}

/** One vote; takes one draw from `random`. */
export function judge(
  rater: RaterTraits,
  prompt: Prompt | string,
  left: string,
  right: string,
  random: RandomStream,
): Judgement {
  const p = probabilityLeft(rater, prompt, left, right);
  return { winner: random.bernoulli(p) ? "left" : "right", probabilityLeft: p };
}
