/**
 * Reads exports of Label Studio: JSON (tasks with `data` and `annotations`), JSON_MIN and CSV (one row per annotation,
 * with control tags as columns). PairwiseComparison, Choices, Rating, Ranker and TextArea are supported. Cancelled
 * annotations are ignored; one marked as ground truth becomes the item's gold answer.
 */
import { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { ROLES, type TextOrMessages } from "../../data/messages.js";
import { verdictOf } from "../tasks/verdict.js";
import { jsonOr, labelOrText } from "./answer-cells.js";
import { type FieldRoles, shownFields } from "./field-roles.js";
import type { ForeignRecord, Opinion, Said } from "./foreign-record.js";
import type { ImportProblems } from "./problems.js";
import { nameOfRater } from "./rater-names.js";
import { safetyOf } from "./safety-words.js";
import { castTime } from "./times.js";

const Person = z.union([
  z.number(),
  z.string(),
  z.object({ id: z.number().optional(), email: z.string().optional() }),
]);

const Annotation = z.object({
  completed_by: Person.nullish(),
  result: z
    .array(
      z.object({
        from_name: z.string().optional(),
        type: z.string().optional(),
        value: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .nullish(),
  was_cancelled: z.boolean().nullish(),
  ground_truth: z.boolean().nullish(),
  created_at: z.union([z.string(), z.number()]).nullish(),
  lead_time: z.number().nullish(),
});

const Task = z.object({
  id: z.union([z.number(), z.string()]).nullish(),
  data: z.record(z.string(), z.unknown()),
  annotations: z.array(Annotation).nullish(),
});
/** What tasks have that nobody has annotated yet. */
const OF_TASKS = new Set(["id", "data", "annotations", "predictions", "meta", "inner_id", "project"]);

const Items = z
  .array(
    z.object({
      id: z.union([z.string(), z.number()]),
      title: z.string().optional(),
      body: z.string().optional(),
    }),
  )
  .min(1);
const Turns = z.array(z.object({ role: z.enum(ROLES), content: z.string() })).min(1);

/** Columns of JSON_MIN and CSV that are neither data nor control tags. */
const COLUMNS = new Set([
  "id",
  "annotator",
  "annotation_id",
  "created_at",
  "updated_at",
  "lead_time",
  "agreement",
]);

export const isLabelStudio = ({ value }: LocatedRow): boolean =>
  (typeof value.data === "object" &&
    value.data !== null &&
    ("annotations" in value ||
      "completions" in value ||
      Object.keys(value).every((key) => OF_TASKS.has(key)))) ||
  ("annotation_id" in value && "annotator" in value);

/** Records of all rows; rows of JSON_MIN and CSV are joined by task. Invalid rows are added to the problems. */
export function labelStudioRecords(
  rows: readonly LocatedRow[],
  problems: ImportProblems,
  roles: FieldRoles = {},
): ForeignRecord[] {
  const old = rows.find(({ value }) => "completions" in value);
  if (old !== undefined) {
    problems.add(
      old.where,
      "completions",
      "is of a version before 1.0, which does not say who gave an answer; open the project in a newer one and export it from there",
    );
    return [];
  }
  const flat = rows.filter(({ value }) => "annotation_id" in value);
  const whole = rows.filter(({ value }) => !("annotation_id" in value));
  return [...whole.flatMap((row) => taskRecord(row, problems)), ...minRecords(flat, roles, problems)];
}

function taskRecord({ value, where }: LocatedRow, problems: ImportProblems): ForeignRecord[] {
  const checked = Task.safeParse(value);
  if (!checked.success) {
    for (const issue of checked.error.issues) {
      const { field, problem } = explainIssue(issue, value);
      problems.add(where, field, problem);
    }
    return [];
  }
  const { data, annotations } = checked.data;
  const id = checked.data.id ?? where.number;
  const opinions = (annotations ?? []).flatMap((annotation, i): Opinion[] => {
    if (annotation.was_cancelled) {
      problems.tally("skippedAnswer");
      return [];
    }
    const said = new Map<string, Said>();
    for (const [r, result] of (annotation.result ?? []).entries()) {
      const meant = meaning(result.value ?? {}, result.type);
      const field = `annotations[${i}].result[${r}].value`;
      if (meant === undefined)
        problems.add(
          where,
          field,
          `is of an unsupported type: ${result.type ?? "none"}${MARKS.some((name) => name in (result.value ?? {})) ? ", about a part of what is shown" : ""}`,
        );
      else {
        const wrong = addTo(said, result.from_name ?? result.type ?? "answer", meant);
        if (wrong !== undefined) problems.add(where, field, wrong);
      }
    }
    if (said.size === 0) {
      problems.tally("blankAnswer");
      return [];
    }
    return [
      {
        rater: personName(annotation.completed_by, `${id}-${i + 1}`, problems),
        said,
        truth: annotation.ground_truth === true,
        ...times(annotation, `annotations[${i}].created_at`, where, problems),
      },
    ];
  });
  return [{ id: String(id), ...contentsOf(data), opinions, where }];
}

/** Adds an answer to a question; pieces of text are one. @returns what is wrong with a second answer. */
function addTo(said: Map<string, Said>, question: string, meant: Said): string | undefined {
  const before = said.get(question);
  const pieces = before?.type === "text" && meant.type === "text" ? [before.text, meant.text] : undefined;
  said.set(question, pieces === undefined ? meant : { type: "text", text: pieces.join("\n") });
  return before === undefined || pieces !== undefined || JSON.stringify(before) === JSON.stringify(meant)
    ? undefined
    : `is a second answer to the question ${JSON.stringify(question)}, and another one`;
}

/**
 * Records of rows with one annotation each. JSON_MIN writes the answers after "id"; CSV sorts its columns, so there the
 * answers are recognised by their values.
 */
function minRecords(
  rows: readonly LocatedRow[],
  roles: FieldRoles,
  problems: ImportProblems,
): ForeignRecord[] {
  const records = new Map<string, ForeignRecord & { opinions: Opinion[] }>();
  const answers = rows[0]?.untyped ? answerColumns(rows, roles) : undefined;
  if (answers !== undefined && [...answers].every((name) => name === roles.rationale))
    problems.add(
      rows[0].where,
      "",
      "no column holds answers that are understood; plumb aggregate reads any column with labels: name it with --aspect",
    );
  for (const { value, where, untyped } of rows) {
    const said = new Map<string, Said>();
    const data: [string, unknown][] = [];
    let afterId = false;
    for (const [name, cell] of Object.entries(value)) {
      if (name === "id") afterId = true;
      if (COLUMNS.has(name)) continue;
      if (!(answers?.has(name) ?? afterId)) data.push([name, cell]);
      else if (cell !== "" && cell !== null) {
        const meant = minMeaning(untyped ? jsonOr(cell) : cell);
        if (meant === undefined) problems.add(where, name, "is not a choice, side, rating, ranking or text");
        else said.set(name, meant);
      }
    }
    const id = String(value.id ?? where.number);
    const record = records.get(id) ?? { id, ...contentsOf(Object.fromEntries(data)), opinions: [], where };
    records.set(id, record);
    if (said.size === 0) {
      problems.tally("blankAnswer");
      continue;
    }
    const place = `${id}-${record.opinions.length + 1}`;
    const rater = personName(value.annotator as string | number | null, place, problems);
    record.opinions.push({ rater, said, truth: false, ...times(value, "created_at", where, problems) });
  }
  return [...records.values()];
}

/**
 * Columns of a CSV whose cells are answers: structured values, verdicts, short texts of which some are verdicts, and the
 * named rationale.
 */
function answerColumns(rows: readonly LocatedRow[], roles: FieldRoles): Set<string> {
  const names = Object.keys(rows[0].value).filter((name) => !COLUMNS.has(name));
  const texts = shownFields(names, roles);
  const isAnswer = (cell: unknown) => {
    const value = jsonOr(cell);
    if (typeof value === "string") return verdictOf(value) !== undefined || safetyOf([value]) !== undefined;
    return minMeaning(value) !== undefined;
  };
  const isShort = (cell: unknown) => typeof cell === "string" && labelOrText(cell).type === "label";
  return new Set(
    names.filter((name) => {
      if (name === roles.rationale || name === roles.question) return true;
      const cells = rows.map(({ value }) => value[name]).filter((cell) => cell !== "");
      return !texts.includes(name) && (cells.every(isShort) ? cells.some(isAnswer) : cells.every(isAnswer));
    }),
  );
}

/**
 * The answer in a cell of JSON_MIN: a plain string for one choice or one text, otherwise the result's value in a list.
 */
function minMeaning(cell: unknown): Said | undefined {
  if (typeof cell === "string") return labelOrText(cell);
  if (typeof cell === "number") return { type: "rating", points: cell };
  if (isTexts(cell) && cell.length > 0) return { type: "text", text: cell.join("\n") };
  if (Array.isArray(cell) && cell.length > 1) return undefined;
  const value = Array.isArray(cell) ? cell[0] : cell;
  // A comparison without a chosen side is an empty object.
  if (Array.isArray(cell) && typeof value === "object" && value !== null && Object.keys(value).length === 0)
    return { type: "side", preference: { verdict: "tie" } };
  return typeof value === "object" && value !== null
    ? meaning(value as Record<string, unknown>, undefined)
    : undefined;
}

/** Fields of values that mark a part of what is shown, and are about that part alone. */
const MARKS = ["start", "end", "x", "y", "points", "vertices", "rle", "labels", "hypertextlabels"];

/** Interprets a result's value; its fields determine its type. */
function meaning(value: Record<string, unknown>, type: string | undefined): Said | undefined {
  const { selected, choices, rating, ranker, text, number } = value;
  if (MARKS.some((name) => name in value)) return undefined;
  if (selected === "left" || selected === "right") return { type: "side", preference: { verdict: selected } };
  if (selected === "none" || (type === "pairwise" && (selected === null || selected === undefined)))
    return { type: "side", preference: { verdict: "tie" } };
  if (isTexts(choices)) return { type: "label", labels: choices };
  if (typeof rating === "number") return { type: "rating", points: rating };
  if (typeof number === "number") return { type: "rating", points: number };
  if (isTexts(text)) return { type: "text", text: text.join("\n") };
  if (typeof text === "string") return { type: "text", text };
  if (typeof ranker !== "object" || ranker === null) return undefined;
  const buckets = Object.values(ranker as Record<string, unknown>);
  if (!buckets.every(isTexts)) return undefined;
  // A single bucket is an order; with several, each bucket is a rank.
  const ranks = buckets.flatMap((names, b) =>
    names.map((name, i) => ({ name, rank: buckets.length === 1 ? i + 1 : b + 1 })),
  );
  return { type: "ranking", ranks };
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

/**
 * Texts of a task by field. A list of {id, title or body} holds the responses that a Ranker ranks; other values go to
 * meta.
 */
function contentsOf(
  data: Record<string, unknown>,
): Pick<ForeignRecord, "texts" | "responses" | "listedIn" | "meta"> {
  const texts = new Map<string, TextOrMessages>();
  const meta: Record<string, unknown> = {};
  let responses: { name: string; text: string }[] | undefined;
  let listedIn: string | undefined;
  for (const [name, given] of Object.entries(data)) {
    const value = typeof given === "string" && given.startsWith("[{") ? jsonOr(given) : given;
    const listed = Items.safeParse(value);
    const turns = Turns.safeParse(value);
    if (turns.success) texts.set(name, turns.data);
    else if (listed.success) {
      listedIn = name;
      responses = listed.data.map(({ id, title, body }) => ({
        name: String(id),
        text: [title, body].filter(Boolean).join("\n"),
      }));
    } else if (typeof value === "string") texts.set(name, value);
    else meta[name] = value;
  }
  return { texts, ...(responses && { responses, listedIn }), ...(Object.keys(meta).length > 0 && { meta }) };
}

function times(
  { created_at, lead_time }: Record<string, unknown>,
  field: string,
  where: LocatedRow["where"],
  problems: ImportProblems,
): { castAt?: number; milliseconds?: number } {
  const seconds = lead_time === null || lead_time === "" ? Number.NaN : Number(lead_time);
  return {
    ...castTime(created_at, field, where, problems),
    ...(Number.isFinite(seconds) && seconds >= 0 && { milliseconds: Math.round(seconds * 1000) }),
  };
}

/** @param index of the annotation among those of its task. */
function personName(
  person: z.output<typeof Person> | null | undefined,
  place: string,
  problems: ImportProblems,
): string {
  const name = typeof person === "object" && person !== null ? (person.email ?? person.id) : person;
  return nameOfRater(name, place, problems);
}
