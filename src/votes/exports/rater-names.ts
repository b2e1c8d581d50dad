import { personName } from "../../base/person-name.js";
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
  const name = person === null || person === undefined ? "" : knownName(String(person), problems);
  if (name !== "" && name !== "None") return name;
  problems.tally("unnamedRater");
  return `unknown-${index + 1}`;
}

/** The name by which a rater is one, however it is written; the user is told how many were written otherwise. */
export function knownName(raw: string, problems: ImportProblems): string {
  const name = personName(raw);
  if (name !== raw && name !== "") problems.tally("respelledRater");
  return name;
}
