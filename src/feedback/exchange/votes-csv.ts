/**
 * Reads votes from tables. The columns are `item,rater,left,right,winner`, where left and right are the compared texts,
 * or their names with the texts in `left_text` and `right_text`; or `item,rater,label`, where labels are verdicts, safe
 * and unsafe, or points. A column `prompt` is the item's prompt; without it the item's id is used.
 */
import type { LocatedRow } from "../../base/location.js";
import type { ForeignRecord, Opinion, Said } from "./foreign-record.js";
import type { ImportProblems } from "./problems.js";

/** Column names of crowd-kit's tables, with Plumbline's names for them. */
const ALIASES: Readonly<Record<string, string>> = { task: "item", worker: "rater" };

export const isVoteTable = ({ value }: LocatedRow): boolean =>
  ("item" in value || "task" in value) &&
  ("rater" in value || "worker" in value) &&
  ("label" in value || "winner" in value);

/** A cell of a text file, or a JSON value, as text. */
function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

/** A record for each item, in order of its first vote. Invalid rows are added to the problems. */
export function voteTableRecords(rows: readonly LocatedRow[], problems: ImportProblems): ForeignRecord[] {
  const records = new Map<string, ForeignRecord & { opinions: Opinion[] }>();
  for (const { value, where } of rows) {
    const row = Object.fromEntries(
      Object.entries(value).map(([name, cell]) => [ALIASES[name] ?? name, textOf(cell)]),
    );
    const missing = ["item", "rater", ...("winner" in row ? ["left", "right", "winner"] : ["label"])].find(
      (name) => !row[name],
    );
    if (missing !== undefined) {
      problems.add(where, missing, "is missing or empty");
      continue;
    }
    const compared = "winner" in row;
    if (compared && !["left", "right", "tie"].includes(row.winner)) {
      problems.add(
        where,
        "winner",
        `is ${JSON.stringify(row.winner.slice(0, 40))}; expected left, right or tie`,
      );
      continue;
    }
    const known = records.get(row.item);
    const texts = new Map<string, string>([["prompt", row.prompt || row.item]]);
    if (row.response) texts.set("response", row.response);
    const responses = [row.left, row.right].map((name, i) => ({
      name: name?.slice(0, 200),
      text: row[["left_text", "right_text"][i]] || name,
    }));
    const record = known ?? { id: row.item, texts, ...(compared && { responses }), opinions: [], where };
    records.set(row.item, record);
    const said = answerOf(row, record, compared);
    if (said === undefined)
      problems.add(
        where,
        "left",
        `and right are not those of item ${JSON.stringify(row.item)} in ${known?.where.unit} ${known?.where.number}`,
      );
    else
      record.opinions.push({
        rater: row.rater,
        said: new Map([[compared ? "winner" : "label", said]]),
        truth: false,
      });
  }
  return [...records.values()];
}

/** A vote in terms of the sides of the item's first row, whose sides may be swapped; undefined if the names differ. */
function answerOf(
  row: Record<string, string>,
  { responses }: ForeignRecord,
  compared: boolean,
): Said | undefined {
  if (!compared) {
    const points = /^\d{1,2}$/.test(row.label) ? Number(row.label) : undefined;
    return points === undefined ? { type: "label", labels: [row.label] } : { type: "rating", points };
  }
  const [left, right] = (responses ?? []).map(({ name }) => name);
  if (row.left === left && row.right === right)
    return { type: "side", selected: row.winner === "tie" ? null : row.winner };
  if (row.left !== right || row.right !== left) return undefined;
  return { type: "side", selected: row.winner === "tie" ? null : row.winner === "left" ? "right" : "left" };
}
