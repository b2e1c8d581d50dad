/**
 * Reads votes from tables. The columns are `item,rater,left,right,winner`, where left and right are the compared texts,
 * or their names with the texts in `left_text` and `right_text`; or `item,rater,label`, where labels are verdicts, safe
 * and unsafe, or points. A column `prompt` is the item's prompt; without it the item's id is used. `aspect`, `group`,
 * `time`, `milliseconds` and `gold` may follow; others are named as not used.
 */
import { shown } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import type { TextOrMessages } from "../../data/messages.js";
import {
  castTime,
  EXACT,
  type ForeignRecord,
  fromSeconds,
  type ImportProblems,
  isRounded,
  knownName,
  type Opinion,
  type Said,
  SECONDS_COLUMN,
} from "../../votes/exports/index.js";
import type { Preference } from "../../votes/tasks/index.js";
import { VERDICT_FORMS, verdictOf } from "../../votes/tasks/verdict.js";
import { describeColumns } from "./columns/describe.js";
import type { ReadColumn, ReadRole } from "./columns/roles.js";
import { columnsOf } from "./columns/table.js";
import { conversationPair } from "./conversation-pair.js";

/** Names of columns in crowd-kit's tables and in those of arenas, with Plumbline's names for them. */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ task: "item", question_id: "item", worker: "rater", annotator: "rater", judge: "rater" },
  ...{ model_a: "left", model_b: "right", response_a: "left_text", response_b: "right_text" },
};
const USED = new Set([
  ...["item", "rater", "left", "right", "winner", "left_text", "right_text", "label", "prompt", "response"],
  ...["aspect", "group", "time", "milliseconds", "gold", "left_source", "right_source", SECONDS_COLUMN],
]);
/** Columns of an arena's conversations, and the turn of them that was judged. */
const CONVERSATIONS = ["conversation_a", "conversation_b"];

/** The column's name among Plumbline's, unless the row has that one too. */
const fieldOf = (name: string, row: object): string => {
  const field = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
  return field !== name && field in row ? name : field;
};

export function isVoteTable({ value }: LocatedRow): boolean {
  const fields = new Set(Object.keys(value).map((name) => fieldOf(name, value)));
  return fields.has("item") && fields.has("rater") && (fields.has("label") || fields.has("winner"));
}

/** A cell of a text file, or a JSON value, as text. */
function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

type VoteOpinion = Opinion & { said: Map<string, Said> };
type VoteRecord = ForeignRecord & {
  opinions: VoteOpinion[];
  byRater: Map<string, VoteOpinion>;
  /** Which turn of a conversation was judged. */
  turn?: string;
};

/**
 * A record for each item, in order of its first vote, and the columns by role. Invalid rows are added to the
 * problems, and so is a rater who contradicts itself; the same vote again is only counted.
 */
export function voteTableRecords(
  rows: readonly LocatedRow[],
  problems: ImportProblems,
): { records: ForeignRecord[]; columns: ReadColumn[] } {
  const records = new Map<string, VoteRecord>();
  for (const { value, where } of rows) {
    const row = Object.fromEntries(
      Object.entries(value).map(([name, cell]) => [fieldOf(name, value), textOf(cell)]),
    );
    if (row.rater) row.rater = knownName(row.rater, problems);
    if (row[SECONDS_COLUMN]) row.time ||= textOf(fromSeconds(row[SECONDS_COLUMN]));
    const compared = "winner" in row;
    const missing = ["item", "rater", ...(compared ? ["left", "right", "winner"] : ["label"])].find(
      (name) => !row[name],
    );
    if (missing !== undefined) {
      problems.add(where, missing, "is missing or empty");
      continue;
    }
    const rounded = ["item", "rater"].find((name) => isRounded(row[name]));
    if (rounded !== undefined) {
      problems.add(where, rounded, `is ${shown(row[rounded])}; expected ${EXACT}`);
      continue;
    }
    const key = keyOf(row, value);
    const record = records.get(key) ?? newRecord(row, value, where, compared);
    if (record.responses?.some(({ source, text }) => source !== undefined && text === "")) {
      problems.add(
        where,
        "",
        "names models, and no texts of theirs that raters could read; expected response_a and response_b, or conversation_a and conversation_b that begin with the same message (plumb aggregate reads votes without texts)",
      );
      continue;
    }
    records.set(key, record);
    if (row.gold && record.gold === undefined) record.gold = row.gold;
    else if (row.gold && record.gold !== row.gold)
      problems.add(
        where,
        "gold",
        `is ${shown(row.gold)}, and ${shown(record.gold)} before, of the same item`,
      );
    const said = compared ? winnerOf(row, record) : labelOf(row);
    if (typeof said === "string")
      problems.add(where, said === ODD_SIDES ? "left" : "winner", describe(said, row, record));
    else addOpinion(record, row, said, where, problems);
  }
  return { records: namedApart([...records.values()]), columns: columnsIn(rows) };
}

const isArena = (value: Record<string, unknown>) => !("left" in value) && "model_a" in value;

/**
 * What tells items apart: in arenas one question is asked of many pairs of models, and each turn is judged by itself.
 */
const keyOf = (row: Record<string, string>, value: Record<string, unknown>): string =>
  isArena(value) ? JSON.stringify([row.item, [row.left, row.right].sort(), row.turn]) : row.item;

/** Gives items of one question ids of their own, by their models and turn. */
function namedApart(records: readonly VoteRecord[]): VoteRecord[] {
  const count = new Map<string, number>();
  for (const { id } of records) count.set(id, (count.get(id) ?? 0) + 1);
  return records.map((record) => {
    const { id, responses = [], turn } = record;
    if (count.get(id) === 1) return record;
    const models = responses.map(({ name }) => name).join(" and ");
    return { ...record, id: `${id}, ${models}${turn ? `, turn ${turn}` : ""}` };
  });
}

function newRecord(
  row: Record<string, string>,
  value: Record<string, unknown>,
  where: LocatedRow["where"],
  compared: boolean,
): VoteRecord {
  const models = isArena(value);
  const conversations = models ? conversationPair(value) : undefined;
  const texts = new Map<string, TextOrMessages>([
    ["prompt", conversations?.prompt ?? (row.prompt || row.item)],
  ]);
  if (row.response) texts.set("response", row.response);
  const responses = (["left", "right"] as const).map((side, i) => {
    const name = row[side]?.slice(0, 200);
    const source = models ? name : row[`${side}_source`]?.slice(0, 200);
    return {
      name,
      text: conversations?.texts[i] || row[`${side}_text`] || (models ? "" : row[side]),
      ...(source && { source }),
    };
  });
  return {
    ...{ id: row.item, texts, opinions: [], byRater: new Map(), where },
    ...(compared && { responses }),
    ...(row.turn && { turn: row.turn }),
  };
}

const ODD_SIDES = "sides";
const ODD_WINNER = "winner";

const describe = (said: string, row: Record<string, string>, { where }: ForeignRecord): string =>
  said === ODD_SIDES
    ? `and right are not those of item ${JSON.stringify(row.item)} in ${where.unit} ${where.number}`
    : `is ${shown(row.winner)}; expected ${VERDICT_FORMS}`;

/** A vote in terms of the sides of the item's first row, whose sides may be swapped; or what is odd about it. */
function winnerOf(row: Record<string, string>, { responses }: ForeignRecord): Said | string {
  const [left, right] = (responses ?? []).map(({ name }) => name);
  const [first, second] = [row.left.slice(0, 200), row.right.slice(0, 200)];
  const swapped = first === right && second === left;
  if (!swapped && (first !== left || second !== right)) return ODD_SIDES;
  const preference = verdictOf(row.winner, [[row.left], [row.right]]);
  if (preference === undefined) return ODD_WINNER;
  return { type: "side", preference: swapped ? turned(preference) : preference };
}

const turned = (preference: Preference): Preference =>
  preference.verdict === "left" || preference.verdict === "right"
    ? { ...preference, verdict: preference.verdict === "left" ? "right" : "left" }
    : preference;

function labelOf({ label }: Record<string, string>): Said {
  const points = /^\d{1,2}$/.test(label) ? Number(label) : undefined;
  return points === undefined ? { type: "label", labels: [label] } : { type: "rating", points };
}

/** Adds what a row says to its rater's opinion of the item. */
function addOpinion(
  record: VoteRecord,
  row: Record<string, string>,
  said: Said,
  where: LocatedRow["where"],
  problems: ImportProblems,
): void {
  const question = row.aspect || ("winner" in row ? "winner" : "label");
  const known = record.byRater.get(row.rater);
  const before = known?.said.get(question);
  if (before !== undefined) {
    if (JSON.stringify(before) === JSON.stringify(said)) problems.tally("repeatedVote");
    else
      problems.add(
        where,
        "rater",
        `has said something else of item ${JSON.stringify(row.item.slice(0, 60))} in an earlier row`,
      );
    return;
  }
  if (known !== undefined) {
    known.said.set(question, said);
    return;
  }
  const milliseconds = row.milliseconds ? Number(row.milliseconds) : undefined;
  if (milliseconds !== undefined && !(milliseconds >= 0 && Number.isFinite(milliseconds)))
    problems.add(where, "milliseconds", `is ${shown(row.milliseconds)}; expected a number of at least 0`);
  const opinion = {
    rater: row.rater,
    ...(row.group && { group: row.group.slice(0, 200) }),
    said: new Map([[question, said]]),
    truth: false,
    ...(milliseconds !== undefined && { milliseconds }),
    ...castTime(row.time, "time", where, problems),
  };
  record.byRater.set(row.rater, opinion);
  record.opinions.push(opinion);
}

/** The columns by what becomes of them; those that nothing reads are not kept. */
function columnsIn(rows: readonly LocatedRow[]): ReadColumn[] {
  const columns = columnsOf(rows);
  const [{ value: first }] = rows;
  const names = columns.map(({ name }) => name);
  const as = (...fields: string[]) => names.filter((name) => fields.includes(fieldOf(name, first)));
  const conversations = names.filter((name) => CONVERSATIONS.includes(name));
  const texts = as("left_text", "right_text", "response");
  const models = isArena(first) ? as("left", "right") : as("left_source", "right_source");
  const shown = texts.length > 0 ? texts : conversations.length > 0 ? [] : as("left", "right");
  const roles = new Map(
    names.map((name): [string, ReadRole] => [name, USED.has(fieldOf(name, first)) ? "vote" : "ignored"]),
  );
  const give = (role: ReadRole, given: readonly string[]) =>
    given.forEach((name) => void roles.set(name, role));
  give("id", as("item"));
  give("prompt", as("prompt"));
  give("gold", as("gold"));
  give("source", models);
  give("response", shown);
  if (texts.length === 0) give("conversation", conversations);
  const answers = texts.length > 0 ? texts : conversations;
  return describeColumns(columns, roles, new Map(answers.map((name, i) => [name, models[i]])));
}
