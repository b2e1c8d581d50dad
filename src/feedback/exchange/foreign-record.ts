/** What the exports of labelling tools have in common: a record of named texts, and what people said about it, by question. */
import type { RowLocation } from "../../base/location.js";
import type { TextOrMessages } from "../../data/messages.js";

/** What a person said to one question. */
export type Said =
  | { type: "label"; labels: readonly string[] }
  /** A side of a comparison, or null for neither. */
  | { type: "side"; selected: string | null }
  | { type: "rating"; points: number }
  /** Names of responses with their ranks, 1 the best. */
  | { type: "ranking"; ranks: readonly { name: string; rank: number }[] }
  | { type: "text"; text: string };

export interface Opinion {
  /** As the tool names the person; a person's address does not get any further. */
  rater: string;
  said: ReadonlyMap<string, Said>;
  milliseconds?: number;
  castAt?: number;
  /** The tool holds this answer for the truth. */
  truth: boolean;
}

export interface ForeignRecord {
  id: string;
  /** Texts by field, in the order of the export. */
  texts: ReadonlyMap<string, TextOrMessages>;
  /** Responses that the tool lists itself, instead of one a field. */
  responses?: readonly { name: string; text: string }[];
  opinions: readonly Opinion[];
  meta?: Record<string, unknown>;
  where: RowLocation;
}
