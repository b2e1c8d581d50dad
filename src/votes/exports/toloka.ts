/**
 * Reads Toloka's results: a row for each task of an assignment, with `INPUT:`, `OUTPUT:`, `GOLDEN:`, `HINT:` and
 * `ASSIGNMENT:` columns (toloka.ai/docs/guide/result-of-eval). `GOLDEN:` columns hold right answers of control tasks, and
 * are nobody's votes. Rejected, skipped and expired assignments do not count.
 */
import { createHash } from "node:crypto";
import { shown } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { jsonOr, saidIn } from "./answer-cells.js";
import type { ForeignRecord, Said } from "./foreign-record.js";
import { GroupedRecords } from "./grouped-records.js";
import type { ImportProblems } from "./problems.js";
import { knownName } from "./rater-names.js";
import { castTime } from "./times.js";

const [INPUT, OUTPUT, GOLDEN] = ["INPUT:", "OUTPUT:", "GOLDEN:"];
const STATES: Readonly<Record<string, "counts" | "rejectedAnswer" | "skippedAnswer">> = {
  ...{ "": "counts", APPROVED: "counts", ACCEPTED: "counts", SUBMITTED: "counts" },
  ...{
    REJECTED: "rejectedAnswer",
    SKIPPED: "skippedAnswer",
    EXPIRED: "skippedAnswer",
    ACTIVE: "skippedAnswer",
  },
};

export const isToloka = ({ value }: LocatedRow): boolean => {
  const names = Object.keys(value);
  return [OUTPUT, "ASSIGNMENT:"].every((prefix) => names.some((name) => name.startsWith(prefix)));
};

export function tolokaRecords(rows: readonly LocatedRow[], problems: ImportProblems): ForeignRecord[] {
  const records = new GroupedRecords(problems);
  for (const { value, where } of rows) {
    const cell = (name: string) => textOf(value[`ASSIGNMENT:${name}`]);
    const rater = knownName(cell("worker_id"), problems);
    const state = Object.hasOwn(STATES, cell("status")) ? STATES[cell("status")] : undefined;
    if (rater === "") problems.add(where, "ASSIGNMENT:worker_id", "is missing or empty");
    else if (state === undefined)
      problems.add(
        where,
        "ASSIGNMENT:status",
        `is ${shown(cell("status"))}; expected APPROVED, SUBMITTED, REJECTED, SKIPPED or EXPIRED`,
      );
    else if (state !== "counts") problems.tally(state);
    else {
      const said = new Map<string, Said>();
      for (const [question, given] of columns(value, OUTPUT)) {
        const one = saidIn(jsonOr(given));
        if (one === "odd")
          problems.add(where, `${OUTPUT}${question}`, "is not a label, a number, options or a text");
        else if (one !== undefined) said.set(question, one);
      }
      if (said.size === 0) problems.tally("blankAnswer");
      const at = ["submitted", "started"].find((name) => cell(name) !== "") ?? "submitted";
      const texts = new Map(columns(value, INPUT));
      const golden = columns(value, GOLDEN).filter(([, right]) => right !== "");
      records.add(
        {
          ...{ id: cell("task_id") || idOf(texts), texts, where },
          ...(golden.length > 0 && { gold: rightAnswer(golden) }),
        },
        { rater, said, truth: false, ...castTime(cell(at), `ASSIGNMENT:${at}`, where, problems) },
      );
    }
  }
  return records.all();
}

const columns = (row: Record<string, unknown>, prefix: string): [string, string][] =>
  Object.entries(row)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, cell]) => [name.slice(prefix.length), textOf(cell)]);

const textOf = (cell: unknown): string =>
  cell === null || cell === undefined
    ? ""
    : typeof cell === "object"
      ? JSON.stringify(cell)
      : String(cell).trim();

/** One right answer as it is, several by question. */
const rightAnswer = (golden: readonly [string, string][]): unknown =>
  golden.length === 1 ? golden[0][1] : { aspects: Object.fromEntries(golden) };

/** Longest input that is the name of its item. */
const LONGEST_ID = 100;

/** What names a task where the file does not: its only input, or a digest of all. */
function idOf(texts: ReadonlyMap<string, string>): string {
  const [only] = texts.values();
  if (texts.size === 1 && only !== "" && only.length <= LONGEST_ID) return only;
  return createHash("sha256")
    .update(JSON.stringify([...texts]))
    .digest("hex")
    .slice(0, 16);
}
