import { shown } from "../../base/explain-issue.js";
import { describeLocation, type LocatedRow } from "../../base/location.js";
import { personName } from "../../base/person-name.js";
import { readTime } from "../../base/read-time.js";
import { EXACT, fromSeconds, isRounded, SECONDS_COLUMN } from "../exports/index.js";
import type { Preference } from "../tasks/index.js";
import { VERDICT_FORMS, verdictOf } from "../tasks/verdict.js";
import type { VoteColumns, VoteField } from "./columns.js";

/** Longest name of an item, rater, label or candidate, in characters. */
export const MAX_NAME = 10_000;

/** The vote in one row. */
export interface ParsedVote {
  item: string;
  /** Which turn of a conversation the vote is about. */
  turn?: string;
  /** Composed, and without white space at its ends. */
  rater: string;
  /** Whether the file writes that name in another way. */
  respelled?: boolean;
  /** The label, or left, right or tie. */
  answer: string;
  left?: string;
  right?: string;
  strength?: number;
  /** Whether the strength is that of the verdict's words, of at most WORDED_STRENGTHS. */
  worded?: boolean;
  /** Aspect that was judged. */
  aspect?: string;
  group?: string;
  topic?: string;
  /** Unix milliseconds. */
  time?: number;
  /** Whether the time states no zone and was read as UTC. */
  assumedUtc?: boolean;
}

/** Degrees of strength that words and signs state: "slightly", "somewhat" and "much". */
export const WORDED_STRENGTHS = 3;

/** A problem with a row, with file, line and field. */
export class BadVote {
  constructor(readonly problem: string) {}
}

/** Reads a vote from a row. Fields are checked by hand and not by a schema, for speed: there are millions of rows. */
export function parseVote({ value, where }: LocatedRow, columns: VoteColumns): ParsedVote | BadVote {
  const cell = (field: VoteField): unknown => {
    const column = columns.name[field];
    return column === undefined ? undefined : value[column];
  };
  const bad = (field: VoteField, expected: string) =>
    new BadVote(
      `${describeLocation(where)}, ${columns.name[field] ?? field}: expected ${expected}, got ${shown(cell(field))}`,
    );
  const needed: VoteField[] =
    columns.kind === "pairs" ? ["rater", "left", "right", "winner"] : ["item", "rater", "label"];
  for (const field of needed)
    if (nameOf(cell(field)) === undefined) return bad(field, isRounded(cell(field)) ? EXACT : CHARACTERS);
  const raw = nameOf(cell("rater")) ?? "";
  const rater = personName(raw);
  if (rater === "") return bad("rater", "a name, and not only white space");
  const vote: ParsedVote = {
    item: nameOf(cell("item")) ?? "",
    rater,
    ...(rater !== raw && { respelled: true }),
    answer: nameOf(cell("label")) ?? "",
    group: nameOf(cell("group")),
    topic: nameOf(cell("topic")),
  };
  if (columns.name.turn !== undefined) vote.turn = nameOf(cell("turn"));
  if (columns.name.aspect !== undefined) {
    vote.aspect = nameOf(cell("aspect"));
    if (vote.aspect === undefined) return bad("aspect", CHARACTERS);
  }
  if (columns.name.item !== undefined && vote.item === "")
    return bad("item", isRounded(cell("item")) ? EXACT : CHARACTERS);
  if (columns.kind === "pairs") {
    const [left, right] = [nameOf(cell("left")) ?? "", nameOf(cell("right")) ?? ""];
    if (left === right) return bad("right", "a candidate other than the left one");
    const said = preferenceOf(nameOf(cell("winner")) ?? "", left, right);
    if (said === undefined) return bad("winner", VERDICT_FORMS);
    Object.assign(vote, { answer: said.verdict === "both-bad" ? "tie" : said.verdict, left, right });
    if (columns.name.strength === undefined && said.strength !== undefined)
      Object.assign(vote, { strength: said.strength, worded: true });
  }
  if (!absent(cell("strength"))) {
    vote.strength = numberOf(cell("strength"));
    if (!(vote.strength > 0)) return bad("strength", `a number above 0${commaHint(cell("strength"))}`);
  }
  if (!absent(cell("milliseconds")) && !(numberOf(cell("milliseconds")) >= 0))
    return bad("milliseconds", `a number of at least 0${commaHint(cell("milliseconds"))}`);
  if (columns.name.time !== undefined) {
    const read = readTime(columns.name.time === SECONDS_COLUMN ? fromSeconds(cell("time")) : cell("time"));
    if (typeof read === "string")
      return new BadVote(`${describeLocation(where)}, ${columns.name.time}: ${shown(cell("time"))} ${read}`);
    Object.assign(vote, { time: read.at, assumedUtc: read.assumedUtc });
  }
  return vote;
}

const CHARACTERS = `1 to ${MAX_NAME} characters`;
const absent = (value: unknown) => value === "" || value === null || value === undefined;

/** Text, or a number or boolean as text; undefined if it is missing, empty, too long or rounded. */
function nameOf(value: unknown): string | undefined {
  if (isRounded(value)) return undefined;
  const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  return typeof text === "string" && text.length > 0 && text.length <= MAX_NAME ? text : undefined;
}

/** A finite number in decimal digits, or NaN. */
function numberOf(value: unknown): number {
  const number = typeof value === "string" && DECIMAL.test(value.trim()) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : Number.NaN;
}

const DECIMAL = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const commaHint = (value: unknown): string =>
  typeof value === "string" && value.includes(",") ? ", with a decimal point and no commas" : "";

/** Words that need no grammar, unless a candidate is called so. */
const PLAIN = new Set(["left", "right", "tie"]);

/** What a cell says of the candidates; crowd-kit gives the winner's name instead of its side. */
function preferenceOf(winner: string, left: string, right: string): Preference | undefined {
  if (PLAIN.has(winner) && !PLAIN.has(left) && !PLAIN.has(right))
    return { verdict: winner as Preference["verdict"] };
  return verdictOf(winner, [[left], [right]]);
}
