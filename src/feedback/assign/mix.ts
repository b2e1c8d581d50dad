import { RandomStream } from "../../base/random.js";
import type { AssignmentSettings } from "./settings.js";

/** What a turn shows: a new item, a gold item, or one that the rater judged before. */
export type TurnKind = "new" | "gold" | "repeat";

/**
 * Identifies one turn of one rater. The random draws of a turn depend only on these values, and not on other raters.
 */
export interface Turn {
  /** The project's seed. */
  seed: number;
  /** The rater's number in the project. Ids are random, so draws from them would not be reproducible. */
  member: number;
  /** Number of the rater's earlier leases in the project. */
  turn: number;
}

/**
 * What this turn should show, if there is such an item: gold with probability goldRate, a repeat with probability
 * repeatRate.
 */
export function turnKind({ seed, member, turn }: Turn, settings: AssignmentSettings): TurnKind {
  const draw = new RandomStream(seed, `assign/mix/${member}`, turn).uniform();
  if (draw < settings.goldRate) return "gold";
  return draw < settings.goldRate + settings.repeatRate ? "repeat" : "new";
}

/** The order in which responses are shown: order[place] is the index of the response in that place. */
export function screenOrder({ seed, member, turn }: Turn, responses: number): number[] {
  const stored = Array.from({ length: responses }, (_, i) => i);
  return new RandomStream(seed, `assign/order/${member}`, turn).shuffled(stored);
}

/**
 * The order of responses for a training item. It is drawn by the item's position in the project, so it is the same at
 * every request.
 */
export function trainingOrder(
  { seed, member }: Omit<Turn, "turn">,
  position: number,
  responses: number,
): number[] {
  const stored = Array.from({ length: responses }, (_, i) => i);
  return new RandomStream(seed, `assign/training-order/${member}`, position).shuffled(stored);
}

/** Index, in [0, choices), of the gold item or repeat that the turn shows. */
export function turnChoice({ seed, member, turn }: Turn, choices: number): number {
  return new RandomStream(seed, `assign/choice/${member}`, turn).int(choices);
}
