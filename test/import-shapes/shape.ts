/** Files as people have them, each with what is right: how its first item reads, or what is asked about. */
import type { ColumnChoices } from "../../src/feedback/exchange/index.js";
import type { ItemContent, TaskKind } from "../../src/votes/tasks/index.js";

export interface Shape {
  /** Whose shape it is, and what is particular about it. */
  name: string;
  /** Its ending is the format's. */
  file: string;
  text: string;
  /** Of the project; by default comparisons. */
  kind?: TaskKind;
  /** What must be read. */
  reads?: Reading;
  /** The columns that are asked about, and choices with which the file is read as `reads` says. */
  asks?: { about: string; columns: readonly string[]; answer: ColumnChoices };
  /** What is said where the file cannot be read. */
  refuses?: RegExp;
}

export interface Reading {
  items?: number;
  votes?: number;
  prompt: ItemContent["prompt"];
  /** Texts in the file's order. */
  responses: readonly string[];
  /** Of the responses, in their order. */
  sources?: readonly string[];
  gold?: "left" | "right";
  /** What columns are taken for; those that are not named may be anything but shown to raters. */
  columns: Readonly<Record<string, string>>;
  warns?: RegExp;
}

/** Rows as JSON Lines. */
export const lines = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

export const user = (content: string) => ({ role: "user" as const, content });
export const assistant = (content: string) => ({ role: "assistant" as const, content });
export const system = (content: string) => ({ role: "system" as const, content });
