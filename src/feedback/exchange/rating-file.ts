import type { LocatedRow } from "../../base/location.js";
import { exportTool } from "../../votes/exports/index.js";
import { isRawVote } from "../../votes/vote-file/index.js";
import { planRows } from "./columns/source-table.js";
import { isVoteTable } from "./votes-csv.js";

/** What a file for raters, or of what they said, holds, and the command that reads it. */
export interface RatingFile {
  holds: string;
  command: string;
}

/** Says of the first row of a file whether the file is about rating, rather than a dataset for training. */
export function ratingFile(file: string, row: LocatedRow): RatingFile | undefined {
  const imported = `plumb tasks import ${file} --out tasks.jsonl`;
  const { value } = row;
  if (isRawVote(row) || isVoteTable(row) || isBattle(value))
    return { holds: "votes", command: `plumb aggregate ${file}, or ${imported} --votes votes.jsonl` };
  if (exportTool(row) !== undefined)
    return {
      holds: "a labelling tool's export",
      command: `plumb aggregate ${file}, or ${imported} --votes votes.jsonl`,
    };
  if (typeof value.content === "object" && value.content !== null)
    return { holds: "items for raters", command: `plumb tasks push ${file} --project ID` };
  return holdsResponses(row)
    ? { holds: "tasks for raters, each a prompt and its responses", command: imported }
    : undefined;
}

/** A vote between two that names no item. */
const isBattle = (value: Record<string, unknown>) =>
  ["winner", "model_a", "model_b"].every((name) => name in value) ||
  ["winner", "left", "right"].every((name) => name in value);

function holdsResponses(row: LocatedRow): boolean {
  const read = planRows([row], {}, {});
  if (read.source === "dataset") return false;
  const { responses, questions } = read.plan;
  return responses.length > 0 || questions.some(({ about }) => about === "mixed");
}
