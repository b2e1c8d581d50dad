import type { LocatedRow } from "../../base/location.js";
import { streamRows } from "../../data/read-rows.js";
import type { ImportProblems } from "./problems.js";

/** The rows of a file. A line that cannot be read is kept as a problem, and reading goes on, so that one run names all of them. */
export const rowsOf = (path: string, problems: ImportProblems): AsyncGenerator<LocatedRow> =>
  streamRows(path, (error) => problems.addError(error));
