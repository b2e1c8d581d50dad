/**
 * Reads the results of Amazon Mechanical Turk: a row for each assignment, with the worker's answers in `Answer.` columns
 * and what the worker was shown in `Input.` columns (Requester UI guide, "Reviewing assignments offline"; API reference,
 * "Assignment"). An item is a HIT. Rejected assignments do not count, nor do those with a reason in the column `Reject`.
 */
import { shown } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { jsonOr, saidIn } from "./answer-cells.js";
import type { ForeignRecord, Said } from "./foreign-record.js";
import { GroupedRecords } from "./grouped-records.js";
import type { ImportProblems } from "./problems.js";
import { knownName } from "./rater-names.js";
import { castTime } from "./times.js";

const ANSWER = "Answer.";
const INPUT = "Input.";

export const isMechanicalTurk = ({ value }: LocatedRow): boolean =>
  "WorkerId" in value && "HITId" in value && Object.keys(value).some((name) => name.startsWith(ANSWER));

export function mechanicalTurkRecords(
  rows: readonly LocatedRow[],
  problems: ImportProblems,
): ForeignRecord[] {
  const questions = questionsOf(rows);
  const records = new GroupedRecords(problems);
  for (const { value, where } of rows) {
    const [rater, id] = [knownName(cellOf(value.WorkerId), problems), cellOf(value.HITId)];
    const status = cellOf(value.AssignmentStatus);
    if (rater === "") problems.add(where, "WorkerId", "is missing or empty");
    else if (id === "") problems.add(where, "HITId", "is missing or empty");
    else if (!["", "Submitted", "Approved", "Rejected"].includes(status))
      problems.add(
        where,
        "AssignmentStatus",
        `is ${shown(status)}; expected Submitted, Approved or Rejected`,
      );
    else if (status === "Rejected" || cellOf(value.Reject) !== "") problems.tally("rejectedAnswer");
    else {
      const said = new Map<string, Said>();
      for (const [question, columns] of questions) {
        const answer = answerIn(value, columns);
        for (const [name, one] of answer instanceof Map ? answer : [[question, answer] as const])
          if (one === "odd")
            problems.add(where, columns[0].name, "is not a label, a number, options or a text");
          else if (one !== undefined) said.set(name, one);
      }
      if (said.size === 0) problems.tally("blankAnswer");
      const seconds = cellOf(value.WorkTimeInSeconds);
      const opinion = {
        ...{ rater, said, truth: false },
        ...(/^\d{1,9}$/.test(seconds) && { milliseconds: Number(seconds) * 1000 }),
        ...castTime(withoutZoneName(cellOf(value.SubmitTime)), "SubmitTime", where, problems),
      };
      records.add({ id, texts: inputsOf(value), where }, opinion);
    }
  }
  return records.all();
}

interface Column {
  name: string;
  /** The option that the column is true or false of. */
  option?: string;
}

/**
 * The columns of each question. Columns `Answer.q.yes` and `Answer.q.no` that hold nothing but true and false are the options
 * of one; `Answer.q.label` is what a classifier's form calls the answer to `q`.
 */
function questionsOf(rows: readonly LocatedRow[]): Map<string, Column[]> {
  const questions = new Map<string, Column[]>();
  for (const name of Object.keys(rows[0].value).filter((one) => one.startsWith(ANSWER))) {
    const inner = name.slice(ANSWER.length);
    const dot = inner.lastIndexOf(".");
    const [question, option] = [inner.slice(0, dot), inner.slice(dot + 1)];
    const isOption =
      dot > 0 &&
      rows.every(({ value }) => /^(?:true|false|)$/i.test(cellOf(value[name]))) &&
      option !== "label";
    const key = dot > 0 && (isOption || option === "label") ? question : inner;
    questions.set(key, [...(questions.get(key) ?? []), { name, ...(isOption && { option }) }]);
  }
  return questions;
}

/** What a row says of a question; a form's answers to several, by question. */
function answerIn(
  row: Record<string, unknown>,
  columns: readonly Column[],
): ReturnType<typeof saidIn> | Map<string, ReturnType<typeof saidIn>> {
  const [{ name, option }] = columns;
  // One box alone is ticked or not; of several the ticked one is the answer.
  if (option !== undefined && columns.length === 1) return saidIn(cellOf(row[name]).toLowerCase());
  if (option !== undefined)
    return saidIn(
      columns.filter((one) => /^true$/i.test(cellOf(row[one.name]))).map((one) => one.option ?? ""),
    );
  const cell = cellOf(row[name]);
  const value = jsonOr(cell);
  // A form's answers are a list of one object, with a value for each question.
  if (Array.isArray(value) && value.length === 1 && typeof value[0] === "object" && value[0] !== null)
    return new Map(Object.entries(value[0]).map(([question, one]) => [question, saidIn(one)]));
  // Several boxes that were ticked are joined by bars.
  return saidIn(typeof value === "string" && value.includes("|") ? value.split("|") : value);
}

const inputsOf = (row: Record<string, unknown>): Map<string, string> =>
  new Map(
    Object.entries(row)
      .filter(([name]) => name.startsWith(INPUT))
      .map(([name, cell]) => [name.slice(INPUT.length), cellOf(cell)]),
  );

const cellOf = (cell: unknown): string => (cell === null || cell === undefined ? "" : String(cell).trim());

/** Months, and hours to UTC, as Mechanical Turk writes them: `Tue Mar 03 10:00:00 PST 2026`. */
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const ZONES: Readonly<Record<string, string>> = { PST: "-08:00", PDT: "-07:00", UTC: "Z", GMT: "Z" };
const NAMED = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{2}:\d{2}:\d{2}) ([A-Z]{3}) (\d{4})$/;

/** Such a time in ISO 8601; another text as it is. */
function withoutZoneName(text: string): string {
  const [, month, day, time, zone, year] = NAMED.exec(text) ?? [];
  const number = MONTHS.indexOf(month) + 1;
  const hours = Object.hasOwn(ZONES, zone ?? "") ? ZONES[zone] : undefined;
  return number === 0 || hours === undefined
    ? text
    : `${year}-${String(number).padStart(2, "0")}-${day}T${time}${hours}`;
}
