import type { Answer } from "./answer.js";
import type { ItemContent } from "./content.js";
import type { TaskDefinition } from "./kinds.js";

/** An item with the question that is asked about it. */
export interface TaskItem {
  id: string;
  task: TaskDefinition;
  content: ItemContent;
  /** The answer that a gold item should get, in the stored order of its responses. */
  gold?: Answer;
}

/**
 * A vote as it lies in the store and as filters and aggregation read it: everything that was said, in the stored order of the
 * item's responses, and the circumstances.
 */
export interface CastVote {
  id: string;
  item: string;
  /** Pseudonym. */
  rater: string;
  group?: string;
  /** In the stored order of responses: "left" is responses[0], places are indexes. */
  answer: Answer;
  /** order[place] is the stored index of the response that was shown in that place. */
  order: number[];
  /** Milliseconds from the item being shown to the vote, as the client says. */
  milliseconds?: number;
  /** When the server took it, Unix milliseconds. */
  castAt: number;
  guidelinesVersion: number;
  /** Whether this is a hidden second showing of an item that the rater judged before. */
  repeat: boolean;
  /** Earlier vote that this one corrects. */
  corrects?: string;
}
