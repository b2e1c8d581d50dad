/** Files of items and votes as Plumbline writes them: JSON lines, with one schema each. */
import { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { ImportProblems } from "../../votes/exports/index.js";
import type { MarkedVote } from "../../votes/judgement/index.js";
import {
  Answer,
  answerProblem,
  ItemContent,
  TaskDefinition,
  type TaskItem,
} from "../../votes/tasks/index.js";
import { castVoteSchema } from "../../votes/vote-file/index.js";
import { rowsOf } from "./rows-of.js";

const id = z.string().min(1).max(200);

export const taskItemSchema = z.object({
  id: id.describe("Unique within the file"),
  task: TaskDefinition.describe("What raters are asked"),
  content: ItemContent.describe("What raters are shown"),
  gold: Answer.optional().describe(
    "The expected answer of a gold item, in the stored order of its responses",
  ),
});

/** Items of a file. @throws PlumbError naming the first 20 bad rows by line and field. */
export async function readTaskItems(path: string): Promise<TaskItem[]> {
  const problems = new ImportProblems();
  const items: TaskItem[] = [];
  const seen = new Set<string>();
  for await (const row of rowsOf(path, problems)) {
    const item = parsed(row, taskItemSchema, problems);
    if (item === undefined) continue;
    if (seen.has(item.id))
      problems.add(row.where, "id", `is ${JSON.stringify(item.id)}, which an earlier item already has`);
    seen.add(item.id);
    const wrong = item.gold && answerProblem(item.gold, item.task, item.content.responses.length);
    if (wrong !== undefined) problems.add(row.where, "gold", `does not fit the task: ${wrong}`);
    items.push(item as TaskItem);
  }
  problems.check("Use a file of items as plumb tasks writes it, one per line.");
  return items;
}

/** Votes of a file on the given items. @throws PlumbError naming the first 20 bad rows by line and field. */
export async function readCastVotes(path: string, items: readonly TaskItem[]): Promise<MarkedVote[]> {
  const problems = new ImportProblems();
  const byId = new Map(items.map((item) => [item.id, item]));
  const votes: MarkedVote[] = [];
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
      problems.add(row.where, "id", `is ${JSON.stringify(vote.id)}, which an earlier vote already has`);
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
    votes.push(vote as MarkedVote);
  }
  problems.check("Use a file with one vote per line, on the items of --items.");
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
