/** Reads tables with a column for the prompt and one for each response, named as fieldRoles expects. */
import type { LocatedRow } from "../../base/location.js";
import { fieldRoles } from "./field-roles.js";
import type { ForeignRecord } from "./foreign-record.js";
import type { ImportProblems } from "./problems.js";

/** Fields that occur only in datasets. */
const DATASET_FIELDS = ["chosen", "rejected", "completion", "completions", "messages", "conversations"];

export function isResponseTable({ value }: LocatedRow): boolean {
  const names = Object.keys(value);
  if (names.some((name) => DATASET_FIELDS.includes(name))) return false;
  const roles = fieldRoles(names, {});
  return typeof roles !== "string" && roles.responses.length > 0;
}

/** A record for each row. Rows with a missing prompt or response are added to the problems. */
export function responseTableRecords(rows: readonly LocatedRow[], problems: ImportProblems): ForeignRecord[] {
  const roles = fieldRoles(Object.keys(rows[0].value), {});
  const names = typeof roles === "string" ? [] : [roles.prompt, ...roles.responses];
  return rows.flatMap(({ value, where }, i) => {
    const wrong = names.filter((name) => typeof value[name] !== "string" || value[name] === "");
    for (const name of wrong) problems.add(where, name, "is missing, empty or not text");
    if (wrong.length > 0) return [];
    const texts = new Map(names.map((name) => [name, value[name] as string]));
    const meta = Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
    return [{ id: `${i + 1}`, texts, opinions: [], meta, where }];
  });
}
