import type { LocatedRow } from "../../data/location.js";
import { readLines } from "../../data/read-lines.js";
import { fileFormat, streamRows } from "../../data/read-rows.js";
import type { ImportProblems } from "./problems.js";

/**
 * The rows of a file. A line of JSONL that cannot be read is kept as a problem, and reading goes on, so that one run names all of them; other
 * formats end at what cannot be read.
 */
export async function* rowsOf(path: string, problems: ImportProblems): AsyncGenerator<LocatedRow> {
  if (fileFormat(path) !== "jsonl") {
    yield* streamRows(path);
    return;
  }
  for await (const { text, where } of readLines(path)) {
    if (text.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      problems.add(where, "", `is not valid JSON: ${(error as SyntaxError).message.slice(0, 100)}`);
      continue;
    }
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      yield { value: value as Record<string, unknown>, where, untyped: false };
    else problems.add(where, "", "is not an object with named fields");
  }
}
