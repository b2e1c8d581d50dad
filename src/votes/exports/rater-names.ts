import { personName } from "../../base/person-name.js";
import type { ImportProblems } from "./problems.js";

/**
 * Who gave an answer, as the tool calls the person. Where it names nobody (the account was deleted, say), each
 * answer is of somebody else, and the user is told.
 *
 * @param place of the answer in the file, as no other answer has it.
 */
export function nameOfRater(
  person: string | number | null | undefined,
  place: string,
  problems: ImportProblems,
): string {
  const name = person === null || person === undefined ? "" : knownName(String(person), problems);
  if (name !== "" && name !== "None") return name;
  problems.tally("unnamedRater");
  return `unknown-${place}`;
}

/** The name by which a rater is one, however it is written; the user is told how many were written otherwise. */
export function knownName(raw: string, problems: ImportProblems): string {
  const name = personName(raw);
  if (name !== raw && name !== "") problems.tally("respelledRater");
  return name;
}
