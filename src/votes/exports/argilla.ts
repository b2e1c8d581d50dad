/**
 * Reads records of Argilla: version 1's FeedbackDataset (`responses` is a list with one entry per person), version 2's
 * `records.to_json` (`responses` is keyed by question, with a list of people each), and the flattened rows of version
 * 2's datasets (`quality.responses`, `quality.responses.users`, `quality.responses.status`). Only submitted answers
 * count. Suggestions of models are kept in the item's meta and are not votes.
 */
import { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { ROLES, type TextOrMessages } from "../../data/messages.js";
import { jsonOr, labelOrText } from "./answer-cells.js";
import type { ForeignRecord, Opinion, Said } from "./foreign-record.js";
import type { ImportProblems } from "./problems.js";
import { nameOfRater } from "./rater-names.js";
import { castTime } from "./times.js";

const text = z.union([z.string(), z.array(z.object({ role: z.enum(ROLES), content: z.string() }))]);
const values = z.record(z.string(), z.object({ value: z.unknown() }));
const meta = z.record(z.string(), z.unknown()).nullish();
const name = z.union([z.string(), z.number()]).nullish();

const Version1 = z.object({
  fields: z.record(z.string(), text.nullable()),
  responses: z.array(
    z.object({
      user_id: name,
      values: z.union([values, z.array(values)]).nullish(),
      status: z.string().default("submitted"),
      inserted_at: z.string().optional(),
    }),
  ),
  suggestions: z.array(z.object({ question_name: z.string().optional(), value: z.unknown() })).nullish(),
  metadata: meta,
  external_id: name,
  id: name,
});

const Version2 = z.object({
  id: name,
  fields: z.record(z.string(), text.nullable()),
  responses: z
    .record(
      z.string(),
      z.array(z.object({ value: z.unknown(), user_id: name, status: z.string().nullish() })),
    )
    .nullish(),
  suggestions: z.record(z.string(), z.unknown()).nullish(),
  metadata: meta,
  _server_id: name,
});

/** Whether a row comes from Argilla. */
export const isArgilla = ({ value }: LocatedRow): boolean =>
  (typeof value.fields === "object" &&
    value.fields !== null &&
    ("responses" in value || "suggestions" in value)) ||
  Object.keys(value).some((key) => key.endsWith(".responses")) ||
  hubQuestions(value).length > 0;

export const argillaRecords = (rows: readonly LocatedRow[], problems: ImportProblems): ForeignRecord[] =>
  withLabelLists(rows.flatMap((row) => argillaRecord(row, problems) ?? []));

/**
 * A list of names is a ranking only where every answer to its question lists the same ones: several labels are written
 * alike, and a ranking names all that is ranked.
 */
function withLabelLists(records: readonly ForeignRecord[]): ForeignRecord[] {
  const names = new Map<string, Set<string>>();
  const shortest = new Map<string, number>();
  for (const { opinions } of records)
    for (const { said } of opinions)
      for (const [question, one] of said) {
        const given = namesIn(one);
        if (given === undefined) continue;
        names.set(question, new Set([...(names.get(question) ?? []), ...given]));
        shortest.set(question, Math.min(shortest.get(question) ?? given.length, given.length));
      }
  const labels = new Set(
    [...names].filter(([question, all]) => (shortest.get(question) ?? 0) < all.size).map(([name]) => name),
  );
  return records.map((record) => ({
    ...record,
    opinions: record.opinions.map((opinion) => ({
      ...opinion,
      said: new Map(
        [...opinion.said].map(([question, one]): [string, Said] => [
          question,
          labels.has(question) && one.type === "ranking"
            ? { type: "label", labels: one.ranks.map(({ name }) => name) }
            : one,
        ]),
      ),
    })),
  }));
}

/** The names that an answer lists, one of them or several. */
const namesIn = (one: Said): string[] | undefined =>
  one.type === "ranking"
    ? one.ranks.map(({ name }) => name)
    : one.type === "label"
      ? [...one.labels]
      : undefined;

/** People's answers as opinions; those that say nothing are counted. */
function opinionsOf(people: ReadonlyMap<string, Map<string, Said>>, problems: ImportProblems): Opinion[] {
  return [...people].flatMap(([rater, said]) => {
    if (said.size === 0) problems.tally("blankAnswer");
    return said.size === 0 ? [] : [{ rater, said, truth: false }];
  });
}

/** The record of a row; undefined if the row is invalid, which is then added to the problems. */
function argillaRecord(row: LocatedRow, problems: ImportProblems): ForeignRecord | undefined {
  const { value, where } = row;
  const questions = hubQuestions(value);
  if (questions.length > 0) return argillaRecord({ ...row, value: fromHub(value, questions) }, problems);
  if (value.fields === undefined) return flattened(row, problems);
  const schema = Array.isArray(value.responses) ? Version1 : Version2;
  const checked = schema.safeParse(value);
  if (!checked.success) {
    for (const issue of checked.error.issues) {
      const { field, problem } = explainIssue(issue, value);
      problems.add(where, field, problem);
    }
    return undefined;
  }
  return Array.isArray(value.responses)
    ? version1(checked.data as z.output<typeof Version1>, row, problems)
    : version2(checked.data as z.output<typeof Version2>, row, problems);
}

function version1(
  record: z.output<typeof Version1>,
  { where }: LocatedRow,
  problems: ImportProblems,
): ForeignRecord {
  const id = String(record.external_id ?? record.id ?? `${where.number}`);
  const opinions = record.responses
    .filter(({ status }) => {
      if (status !== "submitted") problems.tally("skippedAnswer");
      return status === "submitted";
    })
    .map((response, i): Opinion => {
      const said = new Map<string, Said>();
      const lists = Array.isArray(response.values) ? response.values : [response.values ?? {}];
      for (const [question, { value }] of lists.flatMap((list) => Object.entries(list)))
        put(said, question, value, `responses[${i}].values.${question}.value`, where, problems);
      return {
        rater: nameOfRater(response.user_id, `${id}-${i + 1}`, problems),
        said,
        truth: false,
        ...castTime(response.inserted_at, `responses[${i}].inserted_at`, where, problems),
      };
    });
  const suggestions = record.suggestions?.map(({ question_name, value }) => [question_name ?? "?", value]);
  return {
    id,
    texts: present(record.fields),
    opinions: opinions.filter(({ said }) => {
      if (said.size === 0) problems.tally("blankAnswer");
      return said.size > 0;
    }),
    meta: {
      ...record.metadata,
      ...(suggestions?.length && { suggestions: Object.fromEntries(suggestions) }),
    },
    where,
  };
}

function version2(
  record: z.output<typeof Version2>,
  { where }: LocatedRow,
  problems: ImportProblems,
): ForeignRecord {
  const id = String(record.id ?? record._server_id ?? where.number);
  const people = new Map<string, Map<string, Said>>();
  const skipped = new Set<string>();
  for (const [question, responses] of Object.entries(record.responses ?? {})) {
    for (const [i, { value, user_id, status }] of responses.entries()) {
      const rater = nameOfRater(user_id, `${id}-${i + 1}`, problems);
      if (status !== undefined && status !== null && status !== "submitted") {
        skipped.add(rater);
        continue;
      }
      const said = people.get(rater) ?? new Map<string, Said>();
      people.set(rater, said);
      put(said, question, value, `responses.${question}[${i}].value`, where, problems);
    }
  }
  for (const _ of skipped) problems.tally("skippedAnswer");
  const suggestions =
    Object.keys(record.suggestions ?? {}).length > 0 ? { suggestions: record.suggestions } : {};
  return {
    id,
    texts: present(record.fields),
    opinions: opinionsOf(people, problems),
    meta: { ...record.metadata, ...suggestions },
    where,
  };
}

const SUGGESTION = "-suggestion";

/** The questions of a row as version 1 pushes its datasets to a hub: each has its suggestions in a column of its own. */
const hubQuestions = (row: Record<string, unknown>): string[] =>
  Object.keys(row)
    .filter((key) => key.endsWith(SUGGESTION))
    .map((key) => key.slice(0, -SUGGESTION.length))
    .filter((question) => question in row);

/** Such a row with fields and responses apart, as version 2 has them. */
function fromHub(row: Record<string, unknown>, questions: readonly string[]): Record<string, unknown> {
  const answers = (cell: unknown): unknown => {
    if (cell === null || Array.isArray(cell) || typeof cell !== "object") return cell ?? [];
    // A list of people by column.
    const columns = cell as Record<string, unknown[]>;
    return (columns.value ?? []).map((value, i) => ({
      ...{ value, user_id: columns.user_id?.[i], status: columns.status?.[i] },
    }));
  };
  const fields = Object.entries(row).filter(
    ([key]) =>
      !["id", "external_id", "metadata"].includes(key) &&
      !questions.some((question) => key === question || key.startsWith(`${question}${SUGGESTION}`)),
  );
  return {
    ...{ id: row.external_id ?? row.id, fields: Object.fromEntries(fields) },
    responses: Object.fromEntries(questions.map((question) => [question, answers(row[question])])),
  };
}

/** Keys of a flattened row that are not fields. */
const BESIDE = new Set(["id", "status", "_server_id", "score"]);

function flattened(
  { value, where, untyped }: LocatedRow,
  problems: ImportProblems,
): ForeignRecord | undefined {
  const questions = Object.keys(value)
    .filter((key) => key.endsWith(".responses"))
    .map((key) => key.slice(0, -".responses".length));
  const id = String(value.id ?? value._server_id ?? where.number);
  const typed = (key: string): unknown => (untyped ? jsonOr(value[key], /^/) : value[key]);
  const people = new Map<string, Map<string, Said>>();
  const skipped = new Set<string>();
  for (const question of questions) {
    const key = `${question}.responses`;
    const [given, users, states] = [typed(key), typed(`${key}.users`), typed(`${key}.status`)];
    if (given === null || given === undefined || given === "") continue;
    if (!Array.isArray(given) || !Array.isArray(users) || users.length !== given.length) {
      problems.add(where, `${key}.users`, "is not a list with one person per response");
      continue;
    }
    for (const [i, one] of given.entries()) {
      const rater = nameOfRater(users[i] as string | null, `${id}-${i + 1}`, problems);
      if (Array.isArray(states) && states[i] !== null && states[i] !== "submitted") {
        skipped.add(rater);
        continue;
      }
      const said = people.get(rater) ?? new Map<string, Said>();
      people.set(rater, said);
      put(said, question, one, `${key}[${i}]`, where, problems);
    }
  }
  for (const _ of skipped) problems.tally("skippedAnswer");
  const isField = (key: string) =>
    !BESIDE.has(key) && !questions.some((question) => key.startsWith(`${question}.`));
  const fields = Object.keys(value).filter(isField);
  const texts = fields.flatMap((key): [string, TextOrMessages][] => {
    const checked = text.safeParse(jsonOr(value[key], /^\[\{/));
    return checked.success ? [[key, checked.data]] : [];
  });
  return {
    id,
    texts: new Map(texts),
    opinions: opinionsOf(people, problems),
    where,
  };
}

function put(
  said: Map<string, Said>,
  question: string,
  value: unknown,
  field: string,
  where: LocatedRow["where"],
  problems: ImportProblems,
): void {
  if (value === null || value === undefined) return;
  const meant = meaning(value);
  const before = said.get(question);
  if (meant === undefined) problems.add(where, field, "is not a label, rating, ranking or text");
  else if (before === undefined) said.set(question, meant);
  else if (JSON.stringify(before) === JSON.stringify(meant)) problems.tally("repeatedVote");
  else
    problems.add(
      where,
      field,
      "is another answer of a person who has answered this before: leave the one that counts",
    );
}

/**
 * Interprets the value of a question: a number is a rating, a list of names in order or with ranks is a ranking, a
 * short string is a label, and any other string is a text.
 */
function meaning(value: unknown): Said | undefined {
  if (typeof value === "number") return { type: "rating", points: value };
  if (typeof value === "string") return labelOrText(value);
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (value.length === 1 && typeof value[0] === "string") return labelOrText(value[0]);
  if (value.every((one) => typeof one === "string"))
    return { type: "ranking", ranks: value.map((name, i) => ({ name: name as string, rank: i + 1 })) };
  const ranked = z.array(z.object({ value: z.string(), rank: z.number() })).safeParse(value);
  return ranked.success
    ? { type: "ranking", ranks: ranked.data.map(({ value: name, rank }) => ({ name, rank })) }
    : undefined;
}

const present = (fields: Record<string, TextOrMessages | null>): Map<string, TextOrMessages> =>
  new Map(Object.entries(fields).filter((entry): entry is [string, TextOrMessages] => entry[1] !== null));
