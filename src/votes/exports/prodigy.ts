/**
 * Reads Prodigy's datasets, as `db-out` writes them: a task a line with the answer of one annotator (prodi.gy/docs,
 * "Annotation interfaces"). In binary interfaces accept and reject are the two labels; in the choice interface the vote is
 * the chosen option, and a rejected task is none. Ignored tasks never count.
 */
import { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { type SideNames, verdictOf } from "../tasks/verdict.js";
import { saidIn } from "./answer-cells.js";
import type { ForeignRecord, Said } from "./foreign-record.js";
import { GroupedRecords } from "./grouped-records.js";
import type { ImportProblems } from "./problems.js";
import { knownName } from "./rater-names.js";
import { castTime } from "./times.js";

const Id = z.union([z.string(), z.number()]);
const Option = z.object({ id: Id, text: z.string().nullish() });
type Option = z.output<typeof Option>;
const Task = z.object({
  _task_hash: Id,
  _annotator_id: Id.nullish(),
  _session_id: Id.nullish(),
  _timestamp: z.number().nullish(),
  _view_id: z.string().nullish(),
  answer: z.enum(["accept", "reject", "ignore"]),
  options: z.array(Option).nullish(),
  accept: z.union([Id, z.array(Id)]).nullish(),
});
type Task = z.output<typeof Task>;
interface Read extends LocatedRow {
  task: Task;
}

export const isProdigy = ({ value }: LocatedRow): boolean =>
  ["_input_hash", "_task_hash", "answer"].every((name) => name in value);

/** Interfaces in which accept and reject are about what the task proposes. */
const BINARY = ["classification", "text", "html", "ner", "spans", "pos", "dep", "image", "audio", "diff"];
const CHOICE = ["choice", "blocks", "pages"];
/** How a session is called that nobody named: by the time of its start. */
const DATED = /\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}$/;

export function prodigyRecords(rows: readonly LocatedRow[], problems: ImportProblems): ForeignRecord[] {
  const odd = rows.find(({ value }) => unreadable(value) !== undefined);
  if (odd !== undefined) {
    problems.add(odd.where, "", unreadable(odd.value) as string);
    return [];
  }
  const read = rows.flatMap((row): Read[] => {
    const checked = Task.safeParse(row.value);
    if (checked.success) return [{ ...row, task: checked.data }];
    const { field, problem } = explainIssue(checked.error.issues[0], row.value);
    problems.add(row.where, field, problem);
    return [];
  });
  const responsesOf = comparedOptions(read.map(({ task }) => task));
  const records = new GroupedRecords(problems);
  for (const { task, value, where } of read) {
    const person = task._annotator_id ?? task._session_id;
    const rater = knownName(String(person ?? ""), problems);
    if (rater === "") {
      problems.add(where, "_annotator_id", "names nobody, and neither does _session_id: whose answer is it?");
      continue;
    }
    if (DATED.test(rater)) problems.tally("datedSession");
    const said = answerOf(task, responsesOf(task), problems);
    if (typeof said === "string") problems.add(where, "accept", said);
    const seconds = task._timestamp;
    const at = seconds === null || seconds === undefined ? undefined : Math.round(seconds * 1000);
    const opinion = {
      ...{ rater, truth: false, said: new Map(typeof said === "object" ? [["answer", said]] : []) },
      ...castTime(at, "_timestamp", where, problems),
    };
    const responses = responsesOf(task)?.map(({ id, text }) => ({ name: String(id), text: text ?? "" }));
    records.add(
      {
        id: String(task._task_hash),
        texts: textsOf(value),
        ...(responses && { responses, listedIn: "options" }),
        where,
      },
      opinion,
    );
  }
  return records.all();
}

/** Why a task can be no vote, and what to do. */
function unreadable(task: Record<string, unknown>): string | undefined {
  if ("versions" in task)
    return "is a decision of Prodigy's review, which unites the answers of several annotators: export the annotators' own datasets";
  if ("mapping" in task)
    return 'is of Prodigy\'s A/B comparison, which says "accept" of the side that "mapping" hides; write item,rater,left,right,winner (_task_hash, _annotator_id, the two names in mapping, the one that was preferred), leaving out what was ignored';
  const view = task._view_id;
  const chosen = Array.isArray(task.options) && task.options.length > 0;
  if (chosen ? view === undefined || CHOICE.includes(view as string) : isBinary(task, view)) return undefined;
  return `is of Prodigy's interface ${JSON.stringify(view ?? "unknown")}, in which annotators mark or write: "accept" says there that they were done, and is no vote; write item,rater,label with what is to be counted`;
}

/** Without the name of an interface, marks may be the annotator's own. */
const isBinary = (task: Record<string, unknown>, view: unknown): boolean =>
  view === undefined || view === null
    ? !["spans", "relations", "audio_spans", "user_input"].some((name) => holds(task[name]))
    : BINARY.includes(view as string);

const holds = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);

/**
 * The two options of a task that are responses to compare: those that other tasks do not have, where each task has two of
 * them. Options that all tasks have in common are labels, or verdicts such as a tie.
 */
function comparedOptions(tasks: readonly Task[]): (task: Task) => readonly Option[] | undefined {
  const seen = new Map<string, Set<Task["_task_hash"]>>();
  for (const { options, _task_hash } of tasks)
    for (const option of options ?? []) {
      const key = JSON.stringify(option);
      seen.set(key, (seen.get(key) ?? new Set()).add(_task_hash));
    }
  const hashes = new Set(tasks.map(({ _task_hash }) => _task_hash)).size;
  const own = (task: Task) =>
    (task.options ?? []).filter((option) => (seen.get(JSON.stringify(option))?.size ?? 0) < hashes);
  return tasks.every((task) => own(task).length === 2) ? own : () => undefined;
}

/** What a task's answer says; undefined if it is no vote, which is counted; or what is wrong with it. */
function answerOf(
  { answer, options, accept }: Task,
  responses: readonly Option[] | undefined,
  problems: ImportProblems,
): Said | string | undefined {
  const choice = options !== null && options !== undefined && options.length > 0;
  if (answer === "ignore" || (choice && answer === "reject")) {
    problems.tally("skippedAnswer");
    return undefined;
  }
  if (!choice) return { type: "label", labels: [answer] };
  const ids = accept === null || accept === undefined ? [] : [accept].flat();
  const chosen = ids.map((id) => options.find((option) => option.id === id));
  if (chosen.includes(undefined)) return `is ${JSON.stringify(accept)}, which is not among the options`;
  if (chosen.length === 0) {
    problems.tally("blankAnswer");
    return undefined;
  }
  const names = (chosen as Option[]).map(nameOf);
  if (responses === undefined)
    return names.length === 1 ? (saidIn(names[0]) as Said) : { type: "label", labels: names };
  if (chosen.length > 1) return "chooses several options of a comparison";
  const place = responses.indexOf(chosen[0] as Option);
  const sides: SideNames[] = responses.map(({ id }) => [String(id)]);
  const preference =
    place >= 0 ? { verdict: (["left", "right"] as const)[place] } : verdictOf(names[0], sides);
  return preference === undefined
    ? `is ${JSON.stringify(names[0])}, which names neither response nor a tie`
    : { type: "side", preference };
}

/** An option by its id; by its text where ids are numbers, which say nothing by themselves. */
const nameOf = ({ id, text }: Option): string =>
  typeof id === "number" && text !== null && text !== undefined && text !== "" ? text : String(id);

/** The texts of a task; names with an underscore, and what the interface adds, are no texts. */
const textsOf = (task: Record<string, unknown>): Map<string, string> =>
  new Map(
    Object.entries(task).filter(
      (entry): entry is [string, string] =>
        typeof entry[1] === "string" && !entry[0].startsWith("_") && entry[0] !== "answer",
    ),
  );
