import type { Answer } from "./answer.js";
import type { ItemContent } from "./content.js";
import type { TaskDefinition } from "./kinds.js";

/** An item with the task that is asked about it. */
export interface TaskItem {
  id: string;
  task: TaskDefinition;
  content: ItemContent;
  /** The expected answer of a gold item, in the stored order of its responses. */
  gold?: Answer;
  /** What a lead decided of the item, in the stored order of its responses: it is the item's result. */
  adjudicated?: Answer;
}

/**
 * A vote as the store keeps it and as filters and aggregation read it: the whole answer, in the stored order of the
 * item's responses, and its circumstances.
 */
export interface CastVote {
  id: string;
  item: string;
  /** Pseudonym. */
  rater: string;
  group?: string;
  /** In the stored order of responses: "left" is responses[0], and places are indices. */
  answer: Answer;
  /** order[place] is the stored index of the response shown in that place. */
  order: number[];
  /** Milliseconds from showing the item to the vote, as reported by the client. */
  milliseconds?: number;
  /** When the server took the vote, in Unix milliseconds. */
  castAt: number;
  guidelinesVersion: number;
  /** Whether this is a hidden second showing of an item that the rater judged before. */
  repeat: boolean;
  /** Id of the earlier vote that this one corrects. */
  corrects?: string;
}
