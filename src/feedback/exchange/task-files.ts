/** Files of items and votes as this program writes them: JSON lines, one schema each. */
import { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import {
  Answer,
  answerProblem,
  type CastVote,
  ItemContent,
  MAX_RESPONSES,
  TaskDefinition,
  type TaskItem,
} from "../tasks/index.js";
import { ImportProblems } from "./problems.js";
import { rowsOf } from "./rows-of.js";

const id = z.string().min(1).max(200);

export const taskItemSchema = z.object({
  id: id.describe("Unique within the file"),
  task: TaskDefinition.describe("What raters are asked"),
  content: ItemContent.describe("What raters are shown"),
  gold: Answer.optional().describe(
    "The answer that a gold item should get, in the stored order of its responses",
  ),
});

export const castVoteSchema = z.object({
  id: id.describe("Unique within the file"),
  item: id.describe("The item's id"),
  rater: id.describe("Pseudonym"),
  group: z.string().min(1).max(200).optional(),
  answer: Answer.describe("In the stored order of the item's responses"),
  order: z
    .array(
      z
        .int()
        .min(0)
        .max(MAX_RESPONSES - 1),
    )
    .max(MAX_RESPONSES)
    .describe("order[place] is the response that was shown there"),
  milliseconds: z.number().min(0).optional().describe("From the item being shown to the vote"),
  castAt: z.number().describe("Unix milliseconds"),
  guidelinesVersion: z.int().min(0),
  repeat: z.boolean().default(false),
  corrects: id.optional(),
});

/** Items of a file. @throws PlumbError naming every bad row, by line and field. */
export async function readTaskItems(path: string): Promise<TaskItem[]> {
  const problems = new ImportProblems();
  const items: TaskItem[] = [];
  const seen = new Set<string>();
  for await (const row of rowsOf(path, problems)) {
    const item = parsed(row, taskItemSchema, problems);
    if (item === undefined) continue;
    if (seen.has(item.id))
      problems.add(row.where, "id", `is ${JSON.stringify(item.id)}, as that of an earlier item`);
    seen.add(item.id);
    const wrong = item.gold && answerProblem(item.gold, item.task, item.content.responses.length);
    if (wrong !== undefined) problems.add(row.where, "gold", `does not fit the task: ${wrong}`);
    items.push(item as TaskItem);
  }
  problems.check("Items are written by plumb tasks, one on each line.");
  return items;
}

/** Votes of a file on the given items. @throws PlumbError naming every bad row, by line and field. */
export async function readCastVotes(path: string, items: readonly TaskItem[]): Promise<CastVote[]> {
  const problems = new ImportProblems();
  const byId = new Map(items.map((item) => [item.id, item]));
  const votes: CastVote[] = [];
  const seen = new Set<string>();
  for await (const row of rowsOf(path, problems)) {
    const vote = parsed(row, castVoteSchema, problems);
    if (vote === undefined) continue;
    const item = byId.get(vote.item);
    if (item === undefined) {
      problems.add(row.where, "item", `is ${JSON.stringify(vote.item)}, which is not among the items`);
      continue;
    }
    if (seen.has(vote.id))
      problems.add(row.where, "id", `is ${JSON.stringify(vote.id)}, as that of an earlier vote`);
    seen.add(vote.id);
    const { length } = item.content.responses;
    const wrong = answerProblem(vote.answer, item.task, length);
    if (wrong !== undefined) problems.add(row.where, "answer", `does not fit the item: ${wrong}`);
    if (
      vote.order.length !== length ||
      new Set(vote.order).size !== length ||
      vote.order.some((at) => at >= length)
    )
      problems.add(row.where, "order", `is not an order of ${length} responses`);
    votes.push(vote as CastVote);
  }
  problems.check("Votes are one on each line, about the items of --items.");
  return votes;
}

function parsed<S extends z.ZodType>(
  { value, where }: LocatedRow,
  schema: S,
  problems: ImportProblems,
): z.output<S> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const { field, problem } = explainIssue(issue, value);
    problems.add(where, field, problem);
  }
  return undefined;
}
