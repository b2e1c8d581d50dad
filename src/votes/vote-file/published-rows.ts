/** Comparisons as others publish or export them, in the form of a table of votes; and those that have no such form. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import { type LocatedRow, rowError } from "../../base/location.js";

const Name = z.union([z.string().min(1), z.number()]);
const Summary = z.object({ text: z.string(), policy: z.string().nullish() });
/**
 * A row of OpenAI's comparisons of summaries (Stiennon et al. 2020): of a post or an article, two summaries and a
 * choice.
 */
const OpenAiComparison = z.object({
  info: z.object({
    id: Name.nullish(),
    title: z.string().nullish(),
    post: z.string().nullish(),
    article: z.string().nullish(),
  }),
  summaries: z.tuple([Summary, Summary]),
  choice: z.union([z.literal(0), z.literal(1)]),
  worker: Name,
});

/** Whether the row is a comparison that `tableRow` reads. */
export const isPublishedComparison = (row: Record<string, unknown>): boolean =>
  "summaries" in row && "choice" in row;

/**
 * Such a row as a row of a table of votes. One text may be compared in several pairs, so an item is a text and a pair.
 *
 * @throws RowError naming the field that is not as it should be.
 */
export function tableRow({ value, where, untyped }: LocatedRow): LocatedRow {
  const parsed = OpenAiComparison.safeParse(value);
  if (!parsed.success) {
    const { field, problem } = explainIssue(parsed.error.issues[0], value);
    throw rowError(where, `field "${field}" ${problem}`);
  }
  const { info, summaries, choice, worker } = parsed.data;
  const text = info.post ?? info.article ?? "";
  const sides = summaries.map((summary) => `summary-${digest(summary.text)}`);
  const source = info.id ?? digest(text);
  const table = {
    item: `${source} ${[...sides].sort().join(" ")}`,
    rater: worker,
    ...{ left: sides[0], right: sides[1], winner: sides[choice] },
    ...(text !== "" && { prompt: info.title ? `${info.title}\n\n${text}` : text }),
    ...{ left_text: summaries[0].text, right_text: summaries[1].text },
    ...{ left_source: summaries[0].policy, right_source: summaries[1].policy },
  };
  return { value: table, where, untyped };
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);

/** Fields of every row that Prodigy writes. */
const PRODIGY = ["_input_hash", "_task_hash", "answer"];

/**
 * Why a row of another tool can be read neither as items nor as votes, and what to do; undefined if nothing is known
 * against it.
 */
export function unreadableRow(row: Record<string, unknown>): string | undefined {
  return PRODIGY.every((name) => name in row)
    ? 'is of Prodigy, whose exports are not read: its "answer" says whether the annotator accepted the task, and which option was chosen stands in "accept", whose options are responses in one project and labels in another; write item,rater,left,right,winner (_task_hash, _annotator_id, the two options, the one in "accept") or item,rater,label, leaving out what was rejected or ignored'
    : undefined;
}

/** The same of a row that can be read as an item, and not as a vote. */
export const noVoteRow = (row: Record<string, unknown>): string | undefined =>
  "winner_model_a" in row && !("judge" in row || "rater" in row)
    ? "has verdicts in winner_model_a, winner_model_b and winner_tie, and names no raters, whose votes are what is aggregated; write question_id,judge,model_a,model_b,winner"
    : unreadableRow(row);
