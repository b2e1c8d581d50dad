import type { RandomStream } from "../../base/random.js";
import type { Answer, ItemContent, TaskDefinition } from "../tasks/index.js";

/** An item as a rater sees it: responses in screen order, without names or sources. */
export interface TaskView {
  task: TaskDefinition;
  prompt: ItemContent["prompt"];
  responses: readonly { text: string }[];
}

/** A rater's answer, in terms of the places on the screen, and the time it took. */
export interface Rated {
  answer: Answer;
  milliseconds: number;
}

/** A simulated rater. All random draws come from the given stream. */
export interface SimulatedRater {
  /** Pseudonym, which does not reveal the kind. */
  id: string;
  kind: RaterKind;
  rate(view: TaskView, random: RandomStream): Rated;
}

/**
 * - honest: judges by the world's values, with the noise and mild biases of people.
 * - noisy: the same values, with more noise and lapses. biased: prefers a place, length or flattery.
 * - minority: honest, with other values: harm weighs little, length and flattery more.
 * - malicious: knows what is better and says the opposite. colluding: answers by a secret key that the group shares.
 * - random, straight-lining, fast: spam; the last clicks at random within about a second.
 */
export const RATER_KINDS = [
  "honest",
  "noisy",
  "biased",
  "minority",
  "malicious",
  "colluding",
  "random",
  "straight-lining",
  "fast",
] as const;
/** How a simulated rater answers: honest, or in one of the ways that make votes worthless or hostile. */
export type RaterKind = (typeof RATER_KINDS)[number];

/** The prompt as one text, with the turns of a conversation separated by line breaks. */
export function viewPrompt({ prompt }: Pick<TaskView, "prompt">): string {
  return typeof prompt === "string" ? prompt : prompt.map(({ content }) => content).join("\n");
}
