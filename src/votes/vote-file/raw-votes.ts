/** Reads a project's raw votes, as a server exports them: whole answers, with marks of gold, review and exclusion. */
import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { explainIssue } from "../../base/explain-issue.js";
import { describeLocation, type LocatedRow } from "../../base/location.js";
import { personName } from "../../base/person-name.js";
import {
  aspectsOf,
  counting,
  judgementsOf,
  type MarkedVote,
  questionOf,
  REVIEW_STATES,
  USES,
} from "../judgement/index.js";
import { Answer, answerProblem, MAX_RESPONSES, type TaskDefinition, type TaskItem } from "../tasks/index.js";
import { checkAspects, type Problems } from "./problems.js";
import type { VoteFile } from "./vote-file.js";

const id = z.string().min(1).max(200);

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
    .describe("order[place] is the index of the response shown at that place"),
  milliseconds: z.number().min(0).optional().describe("Time from showing the item to the vote"),
  castAt: z.number().describe("Unix milliseconds"),
  guidelinesVersion: z.int().min(0),
  repeat: z.boolean().default(false),
  corrects: id.optional(),
  gold: z.boolean().optional().describe("Whether it answers a gold item"),
  review: z.enum(REVIEW_STATES).optional().describe("The strictest state of its judgement's reviews"),
  excluded: z.boolean().optional().describe("Whether its rater is excluded"),
});

/** Whether a row is a raw vote rather than one of a table. */
export const isRawVote = ({ value: { answer, order } }: LocatedRow): boolean =>
  typeof answer === "object" && answer !== null && "kind" in answer && Array.isArray(order);

/**
 * The raw votes that count for one aspect: the latest corrections, without gold items, hidden repeats, rejected votes
 * and excluded raters, as for a project. The file does not name responses: those of an item are named by it and by
 * their place.
 *
 * @param aspect the aspect to read; required if the votes judge several.
 * @throws PlumbError naming the bad rows, or if no votes count.
 */
export async function rawVotes(
  path: string,
  rows: AsyncIterable<LocatedRow>,
  problems: Problems,
  aspect: string | undefined,
): Promise<VoteFile> {
  const votes: MarkedVote[] = [];
  const places: string[] = [];
  for await (const { value, where } of rows) {
    const parsed = castVoteSchema.safeParse(value);
    if (parsed.success) {
      votes.push({ ...parsed.data, rater: personName(parsed.data.rater) } as MarkedVote);
      places.push(describeLocation(where));
    } else {
      const { field, problem } = explainIssue(parsed.error.issues[0], value);
      problems.add(`${describeLocation(where)}, ${field}: ${problem}`);
    }
  }
  problems.check(path);
  const task = taskOf(votes);
  const kinds = new Set(votes.map(({ answer }) => answer.kind));
  if (kinds.size > 1)
    throw new PlumbError(`${path} holds answers of several kinds: ${[...kinds].join(", ")}`, {
      hint: "Export each project's votes to a file of its own.",
    });
  const items = itemsOf(votes, task);
  const lengths = new Map(items.map(({ id: item, content }) => [item, content.responses.length]));
  for (const [v, { item, answer, order }] of votes.entries()) {
    const wrong =
      order.length === lengths.get(item)
        ? answerProblem(answer, task, order.length)
        : "order: another number of responses than in an earlier vote on the item";
    if (wrong !== undefined) problems.add(`${places[v]}, ${wrong}`);
  }
  problems.check(path);
  const known = aspectsOf(task);
  if (known.length === 0)
    throw new PlumbError(`${path} holds what raters wrote (${task.kind}): there is nothing to count.`);
  checkAspects(path, known, aspect);
  const judgements = judgementsOf(votes, items);
  const question = questionOf(counting(judgements, USES.results), aspect ?? known[0]);
  if (question === undefined)
    throw new PlumbError(`${path} has no votes that count.`, {
      hint: "Votes on gold items, rejected ones and those of excluded raters do not.",
    });
  const grouped = question.group.some((group) => group !== "");
  return {
    votes: question.votes,
    ...(grouped && { group: question.group }),
    ...{ time: question.time, hasItems: true, repeated: 0, ignoredColumns: [] },
  };
}

/** The task that the answers are of: all aspects that occur; the largest strength counts in full. */
function taskOf(votes: readonly MarkedVote[]): TaskDefinition {
  const aspects = new Set<string>();
  let strengths = 1;
  for (const { answer } of votes) {
    if (answer.kind === "pairwise")
      for (const [name, { strength }] of Object.entries(answer.aspects)) {
        aspects.add(name);
        strengths = Math.max(strengths, strength ?? 1);
      }
    if (answer.kind === "likert") for (const name of answer.ratings.flatMap(Object.keys)) aspects.add(name);
  }
  const { kind } = votes[0].answer;
  return { kind, aspects: [...aspects], strengths, scale: 10, rationale: "optional", flags: true };
}

function itemsOf(votes: readonly MarkedVote[], task: TaskDefinition): TaskItem[] {
  const shown = new Map<string, number>();
  for (const { item, order } of votes) if (!shown.has(item)) shown.set(item, order.length);
  return [...shown].map(([item, length]) => {
    const responses = Array.from({ length }, (_, i) => ({ name: `${item}, response ${i + 1}`, text: "" }));
    return { id: item, task, content: { prompt: "", responses } };
  });
}
