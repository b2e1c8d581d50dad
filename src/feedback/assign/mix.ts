import { RandomStream } from "../../base/random.js";
import type { AssignmentSettings } from "./settings.js";

/** What a turn shows: a new item, a gold item, or one that the rater judged before. */
export type TurnKind = "new" | "gold" | "repeat";

/** Names the random draws of one turn of one rater: they depend on nothing else, in particular not on other raters. */
export interface Turn {
  /** The project's seed. */
  seed: number;
  /** The rater's number in the project: ids are random, and with them the draws would be other ones each time. */
  member: number;
  /** Leases that the rater had before in the project. */
  turn: number;
}

/** What this turn is to show, where there is such an item: gold with probability goldRate, a repeat with repeatRate. */
export function turnKind({ seed, member, turn }: Turn, settings: AssignmentSettings): TurnKind {
  const draw = new RandomStream(seed, `assign/mix/${member}`, turn).uniform();
  if (draw < settings.goldRate) return "gold";
  return draw < settings.goldRate + settings.repeatRate ? "repeat" : "new";
}

/** Order in which the responses are shown: order[place] is the index of the response in that place. */
export function screenOrder({ seed, member, turn }: Turn, responses: number): number[] {
  const stored = Array.from({ length: responses }, (_, i) => i);
  return new RandomStream(seed, `assign/order/${member}`, turn).shuffled(stored);
}

/** The same for an item of training, whenever it is asked for: drawn by its position among the project's items. */
export function trainingOrder(
  { seed, member }: Omit<Turn, "turn">,
  position: number,
  responses: number,
): number[] {
  const stored = Array.from({ length: responses }, (_, i) => i);
  return new RandomStream(seed, `assign/training-order/${member}`, position).shuffled(stored);
}

/** One of the gold items or repeats that the turn could show. */
export function turnChoice({ seed, member, turn }: Turn, choices: number): number {
  return new RandomStream(seed, `assign/choice/${member}`, turn).int(choices);
}
