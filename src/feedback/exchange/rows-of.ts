import type { LocatedRow } from "../../base/location.js";
import { streamRows } from "../../data/read-rows.js";
import type { ImportProblems } from "../../votes/exports/index.js";

/**
 * The rows of a file. An unreadable line is recorded as a problem and reading continues, so that one run reports all of
 * them.
 */
export const rowsOf = (path: string, problems: ImportProblems): AsyncGenerator<LocatedRow> =>
  streamRows(path, (error) => problems.addError(error));
