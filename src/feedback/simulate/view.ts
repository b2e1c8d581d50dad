import type { RandomStream } from "../../base/random.js";
import type { Answer, ItemContent, TaskDefinition } from "../tasks/index.js";

/** An item as a rater sees it: responses in the order of the screen, without names or sources. */
export interface TaskView {
  task: TaskDefinition;
  prompt: ItemContent["prompt"];
  responses: readonly { text: string }[];
}

/** What a rater did: an answer in the places of the screen, and the time it took. */
export interface Rated {
  answer: Answer;
  milliseconds: number;
}

/** Someone who rates; every draw comes from the stream. */
export interface SimulatedRater {
  /** Pseudonym, which does not tell the kind. */
  id: string;
  kind: RaterKind;
  rate(view: TaskView, random: RandomStream): Rated;
}

/**
 * - honest: judges by the world's values, with the noise and mild biases of people.
 * - noisy: the same values, half blind. biased: drawn by place, length or flattery.
 * - minority: honest, with other values: harm weighs little, length and charm more.
 * - malicious: knows what is better and says the opposite. colluding: a secret key that the group shares decides.
 * - random, straight-lining, fast: spam; the last clicks at random in a second.
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
export type RaterKind = (typeof RATER_KINDS)[number];

/** The prompt's text, the turns of a conversation one below the other. */
export function viewPrompt({ prompt }: Pick<TaskView, "prompt">): string {
  return typeof prompt === "string" ? prompt : prompt.map(({ content }) => content).join("\n");
}
