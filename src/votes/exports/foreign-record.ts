/** The common form of labelling tools' exports: a record of named texts, and people's answers about it, by question. */
import type { RowLocation } from "../../base/location.js";
import type { TextOrMessages } from "../../data/messages.js";
import type { ItemResponse, Preference } from "../tasks/index.js";

/** A person's answer to one question. */
export type Said =
  | { type: "label"; labels: readonly string[] }
  /** A verdict of a comparison, in terms of the record's first and second response. */
  | { type: "side"; preference: Preference }
  | { type: "rating"; points: number }
  /** Names of responses with their ranks, 1 the best. */
  | { type: "ranking"; ranks: readonly { name: string; rank: number }[] }
  | { type: "text"; text: string };

export interface Opinion {
  /** The tool's name for the person. An email address is replaced by a pseudonym before it reaches items and votes. */
  rater: string;
  group?: string;
  said: ReadonlyMap<string, Said>;
  milliseconds?: number;
  castAt?: number;
  /** Whether the tool marks this answer as the ground truth. */
  truth: boolean;
}

export interface ForeignRecord {
  id: string;
  /** Texts by field, in the order of the export. */
  texts: ReadonlyMap<string, TextOrMessages>;
  /** Responses that the tool lists in one field, instead of one field per response. */
  responses?: readonly Pick<ItemResponse, "name" | "text" | "source">[];
  /** The field of that list. */
  listedIn?: string;
  opinions: readonly Opinion[];
  /** The right answer, as its column or field has it. */
  gold?: unknown;
  meta?: Record<string, unknown>;
  where: RowLocation;
}

export type NamedResponse = Pick<ItemResponse, "name" | "source">;

/** The names that verdicts may use for each response: its own, and its source's. */
export const sideNames = (responses: readonly NamedResponse[]): string[][] =>
  responses.map(({ name, source }) => [name, ...(source === undefined ? [] : [source])]);
