/** The kinds of tasks, and what is said of each in a table. It imports nothing, so that pages in browsers can load it. */

/** The kinds of tasks for raters. */
export const TASK_KINDS = ["pairwise", "ranking", "likert", "demonstration", "rewrite", "safety"] as const;
/** What raters are asked: a kind decides the form of items and of answers. */
export type TaskKind = (typeof TASK_KINDS)[number];

/** Least and most responses of an item of each kind. */
export const RESPONSES: Readonly<Record<TaskKind, readonly [number, number]>> = {
  pairwise: [2, 2],
  ranking: [2, 16],
  likert: [1, 16],
  demonstration: [0, 0],
  rewrite: [1, 1],
  safety: [1, 1],
};

/** What a rater gives to an item of each kind: an answer about each aspect of the project, one answer, or a text. */
export const ASKS_FOR: Readonly<Record<TaskKind, "aspects" | "one answer" | "text">> = {
  pairwise: "aspects",
  ranking: "one answer",
  likert: "aspects",
  demonstration: "text",
  rewrite: "text",
  safety: "one answer",
};

/** Whether raters write a text; of such tasks a lead decides nothing. */
export const asksForText = ({ kind }: { kind: TaskKind }): boolean => ASKS_FOR[kind] === "text";

/** The names under which answers are counted: the aspects that raters are asked about, or the kind of task if it has none. */
export const aspectsOrKind = ({
  kind,
  aspects,
}: {
  kind: TaskKind;
  aspects: readonly string[];
}): readonly string[] => (ASKS_FOR[kind] === "aspects" ? aspects : [kind]);
