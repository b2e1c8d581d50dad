/** What the pages know of each kind of task; the compiler names what a new kind lacks. */
import type { TaskDefinition, TaskKind } from "../src/votes/tasks/index.js";

/** `ASKS_FOR` of src/votes/tasks/kinds.ts, of which pages may load no more than types. */
const ASKS_FOR: Readonly<Record<TaskKind, "aspects" | "one answer" | "text">> = {
  pairwise: "aspects",
  ranking: "one answer",
  likert: "aspects",
  demonstration: "text",
  rewrite: "text",
  safety: "one answer",
};

/** Whether raters write a text; of such tasks a lead decides nothing. */
export const asksForText = ({ kind }: Pick<TaskDefinition, "kind">): boolean => ASKS_FOR[kind] === "text";

/** The aspects that raters are asked about; the kind of task if it has none. */
export const aspectsOf = ({ kind, aspects }: Pick<TaskDefinition, "kind" | "aspects">): readonly string[] =>
  ASKS_FOR[kind] === "aspects" ? aspects : [kind];
