import type { ImportProblems } from "./problems.js";

/**
 * Who gave an answer, as the tool calls the person. Where it names nobody (the account was deleted, say), the answers to
 * one record are of different people, and the user is told.
 *
 * @param index of the answer among those to its record.
 */
export function nameOfRater(
  person: string | number | null | undefined,
  index: number,
  problems: ImportProblems,
): string {
  if (person !== null && person !== undefined && person !== "" && person !== "None") return String(person);
  problems.tally("unnamedRater");
  return `unknown-${index + 1}`;
}
