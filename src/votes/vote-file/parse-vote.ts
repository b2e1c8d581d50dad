import { shown } from "../../base/explain-issue.js";
import { describeLocation, type LocatedRow } from "../../base/location.js";
import type { VoteColumns, VoteField } from "./columns.js";

/** Longest name of an item, rater, label or candidate, in characters. */
export const MAX_NAME = 10_000;

/** The vote in one row. */
export interface ParsedVote {
  item: string;
  rater: string;
  /** The label, or left, right or tie. */
  answer: string;
  left?: string;
  right?: string;
  strength?: number;
  /** Aspect that was judged. */
  aspect?: string;
  group?: string;
  /** Unix milliseconds. */
  time?: number;
}

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
    if (nameOf(cell(field)) === undefined) return bad(field, `1 to ${MAX_NAME} characters`);
  const vote: ParsedVote = {
    item: nameOf(cell("item")) ?? "",
    rater: nameOf(cell("rater")) ?? "",
    answer: nameOf(cell("label")) ?? "",
    group: nameOf(cell("group")),
  };
  if (columns.name.aspect !== undefined) {
    vote.aspect = nameOf(cell("aspect"));
    if (vote.aspect === undefined) return bad("aspect", `1 to ${MAX_NAME} characters`);
  }
  if (columns.name.item !== undefined && vote.item === "") return bad("item", `1 to ${MAX_NAME} characters`);
  if (columns.kind === "pairs") {
    const [left, right] = [nameOf(cell("left")) ?? "", nameOf(cell("right")) ?? ""];
    if (left === right) return bad("right", "a candidate other than the left one");
    const winner = sideOf(nameOf(cell("winner")) ?? "", left, right);
    if (winner === undefined) return bad("winner", "left, right or tie (or the name of a side)");
    Object.assign(vote, { answer: winner, left, right });
  }
  if (!absent(cell("strength"))) {
    vote.strength = numberOf(cell("strength"));
    if (!(vote.strength > 0)) return bad("strength", "a number above 0");
  }
  if (!absent(cell("milliseconds")) && !(numberOf(cell("milliseconds")) >= 0))
    return bad("milliseconds", "a number of at least 0");
  if (columns.name.time !== undefined) {
    vote.time = timeOf(cell("time"));
    if (!Number.isFinite(vote.time))
      return bad("time", "a date such as 2026-01-31T12:00:00Z or Unix milliseconds");
  }
  return vote;
}

const absent = (value: unknown) => value === "" || value === null || value === undefined;

/** Text, or a number or boolean as text; undefined if it is missing, empty or too long. */
function nameOf(value: unknown): string | undefined {
  const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  return typeof text === "string" && text.length > 0 && text.length <= MAX_NAME ? text : undefined;
}

/** A finite number, or NaN. */
function numberOf(value: unknown): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : Number.NaN;
}

function timeOf(value: unknown): number {
  const number = numberOf(value);
  return Number.isNaN(number) && typeof value === "string" ? Date.parse(value) : number;
}

/** crowd-kit gives the winner's name instead of its side. */
function sideOf(winner: string, left: string, right: string): "left" | "right" | "tie" | undefined {
  if (winner === "left" || winner === "right" || winner === "tie") return winner;
  return winner === left ? "left" : winner === right ? "right" : undefined;
}
