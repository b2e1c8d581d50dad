/**
 * Reads records of Argilla: version 1's FeedbackDataset (`responses` is a list with one entry per person), version 2's
 * `records.to_json` (`responses` is keyed by question, with a list of people each), and the flattened rows of version
 * 2's datasets (`quality.responses`, `quality.responses.users`, `quality.responses.status`). Only submitted answers
 * count. Suggestions of models are kept in the item's meta and are not votes.
 */
import { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { parseExactJson } from "../../data/exact-json.js";
import { ROLES, type TextOrMessages } from "../../data/messages.js";
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
  Object.keys(value).some((key) => key.endsWith(".responses"));

/** The record of a row; undefined if the row is invalid, which is then added to the problems. */
export function argillaRecord(row: LocatedRow, problems: ImportProblems): ForeignRecord | undefined {
  const { value, where } = row;
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
  const opinions = record.responses
    .filter(({ status }) => status === "submitted")
    .map((response, i): Opinion => {
      const said = new Map<string, Said>();
      const lists = Array.isArray(response.values) ? response.values : [response.values ?? {}];
      for (const [question, { value }] of lists.flatMap((list) => Object.entries(list)))
        put(said, question, value, `responses[${i}].values.${question}.value`, where, problems);
      return {
        rater: nameOfRater(response.user_id, i, problems),
        said,
        truth: false,
        ...castTime(response.inserted_at, `responses[${i}].inserted_at`, where, problems),
      };
    });
  const suggestions = record.suggestions?.map(({ question_name, value }) => [question_name ?? "?", value]);
  return {
    id: String(record.external_id ?? record.id ?? `${where.number}`),
    texts: present(record.fields),
    opinions: opinions.filter(({ said }) => said.size > 0),
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
  const people = new Map<string, Map<string, Said>>();
  for (const [question, responses] of Object.entries(record.responses ?? {})) {
    for (const [i, { value, user_id, status }] of responses.entries()) {
      if (status !== undefined && status !== null && status !== "submitted") continue;
      const rater = nameOfRater(user_id, i, problems);
      const said = people.get(rater) ?? new Map<string, Said>();
      people.set(rater, said);
      put(said, question, value, `responses.${question}[${i}].value`, where, problems);
    }
  }
  const suggestions =
    Object.keys(record.suggestions ?? {}).length > 0 ? { suggestions: record.suggestions } : {};
  return {
    id: String(record.id ?? record._server_id ?? where.number),
    texts: present(record.fields),
    opinions: [...people].map(([rater, said]) => ({ rater, said, truth: false })),
    meta: { ...record.metadata, ...suggestions },
    where,
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
  const typed = (key: string): unknown => (untyped ? jsonOr(value[key]) : value[key]);
  const people = new Map<string, Map<string, Said>>();
  for (const question of questions) {
    const key = `${question}.responses`;
    const [given, users, states] = [typed(key), typed(`${key}.users`), typed(`${key}.status`)];
    if (given === null || given === undefined || given === "") continue;
    if (!Array.isArray(given) || !Array.isArray(users) || users.length !== given.length) {
      problems.add(where, `${key}.users`, "is not a list with one person per response");
      continue;
    }
    for (const [i, one] of given.entries()) {
      if (Array.isArray(states) && states[i] !== null && states[i] !== "submitted") continue;
      const rater = nameOfRater(users[i] as string | null, i, problems);
      const said = people.get(rater) ?? new Map<string, Said>();
      people.set(rater, said);
      put(said, question, one, `${key}[${i}]`, where, problems);
    }
  }
  const isField = (key: string) =>
    !BESIDE.has(key) && !questions.some((question) => key.startsWith(`${question}.`));
  const fields = Object.keys(value).filter(isField);
  const texts = fields.flatMap((key): [string, TextOrMessages][] => {
    const checked = text.safeParse(looksLikeTurns(value[key]) ? jsonOr(value[key]) : value[key]);
    return checked.success ? [[key, checked.data]] : [];
  });
  return {
    id: String(value.id ?? value._server_id ?? where.number),
    texts: new Map(texts),
    opinions: [...people].map(([rater, said]) => ({ rater, said, truth: false })),
    where,
  };
}

const looksLikeTurns = (cell: unknown): boolean => typeof cell === "string" && cell.startsWith("[{");

function jsonOr(cell: unknown): unknown {
  if (typeof cell !== "string") return cell;
  try {
    return parseExactJson(cell);
  } catch {
    return cell;
  }
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

/** A string with more characters or more than one line is a text, not a label. */
const LONGEST_LABEL = 60;

/**
 * Interprets the value of a question: a number is a rating, a list of names in order or with ranks is a ranking, a
 * short string is a label, and any other string is a text.
 */
function meaning(value: unknown): Said | undefined {
  if (typeof value === "number") return { type: "rating", points: value };
  if (typeof value === "string")
    return value.length <= LONGEST_LABEL && !value.includes("\n")
      ? { type: "label", labels: [value] }
      : { type: "text", text: value };
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (value.every((one) => typeof one === "string"))
    return { type: "ranking", ranks: value.map((name, i) => ({ name: name as string, rank: i + 1 })) };
  const ranked = z.array(z.object({ value: z.string(), rank: z.number() })).safeParse(value);
  return ranked.success
    ? { type: "ranking", ranks: ranked.data.map(({ value: name, rank }) => ({ name, rank })) }
    : undefined;
}

const present = (fields: Record<string, TextOrMessages | null>): Map<string, TextOrMessages> =>
  new Map(Object.entries(fields).filter((entry): entry is [string, TextOrMessages] => entry[1] !== null));
