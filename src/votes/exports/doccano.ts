/**
 * Reads doccano's classifications, as its projects write them in JSONL (github.com/doccano/doccano, backend/data_export):
 * `id`, `text`, and the labels in `label`, `labels` or `cats`; in older versions `annotations` with the label's and the
 * user's number; numbers of labels have no order, so such a label is "label 7". Newer ones name an annotator by the name of the file only; rows must then be given `annotator`.
 */
import type { LocatedRow } from "../../base/location.js";
import { saidIn } from "./answer-cells.js";
import type { ForeignRecord, Said } from "./foreign-record.js";
import { GroupedRecords } from "./grouped-records.js";
import type { ImportProblems } from "./problems.js";
import { knownName } from "./rater-names.js";

const LABELS = ["label", "labels", "cats"];
const PEOPLE = ["annotator", "username", "user"];

export const isDoccano = ({ value }: LocatedRow): boolean =>
  typeof value.text === "string" &&
  ("id" in value || "doc_id" in value) &&
  (LABELS.some((name) => Array.isArray(value[name])) || isNumbered(value.annotations));

export function doccanoRecords(rows: readonly LocatedRow[], problems: ImportProblems): ForeignRecord[] {
  const unnamed = rows.find(({ value }) => !isNumbered(value.annotations) && personOf(value) === "");
  if (unnamed !== undefined) {
    problems.add(
      unnamed.where,
      "",
      "is of doccano, which names an annotator by the name of the file only (alex.jsonl), and nobody in a project that all share (all.jsonl); add the field annotator to each row, and join the files",
    );
    return [];
  }
  const records = new GroupedRecords(problems);
  for (const { value, where } of rows) {
    const item = {
      id: String(value.id ?? value.doc_id),
      texts: new Map([["text", String(value.text)]]),
      where,
    };
    for (const [person, given, field] of answersOf(value)) {
      const rater = knownName(person, problems);
      const one = saidIn(given);
      if (one === "odd")
        problems.add(
          where,
          field,
          "holds marks or several values, which are no labels of the text as a whole",
        );
      else if (one === undefined) problems.tally("blankAnswer");
      const said = new Map<string, Said>(typeof one === "object" ? [["label", one]] : []);
      records.add(item, { rater, said, truth: false });
    }
  }
  return records.all();
}

type Numbered = { label: unknown; user: unknown };
const isNumbered = (value: unknown): value is Numbered[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one) => "user" in Object(one) && "label" in Object(one));

const personOf = (row: Record<string, unknown>): string => {
  const person = PEOPLE.map((name) => row[name]).find(
    (one) => typeof one === "string" || typeof one === "number",
  );
  return person === undefined ? "" : String(person).trim();
};

/** Who said what of a row's text, and in which field. */
function answersOf(row: Record<string, unknown>): [person: string, labels: unknown, field: string][] {
  if (!isNumbered(row.annotations)) {
    const field = LABELS.find((name) => name in row) ?? "label";
    return [[personOf(row), row[field], field]];
  }
  const users = [...new Set(row.annotations.map(({ user }) => String(user)))];
  return users.map((user) => {
    const own = (row.annotations as Numbered[]).filter((one) => String(one.user) === user);
    const marks = own.some((one) => "start_offset" in one);
    const labels = own.map(({ label }) => (typeof label === "number" ? `label ${label}` : label));
    return [user, marks ? own : labels, "annotations"];
  });
}
