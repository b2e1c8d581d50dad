import { PlumbError } from "../../base/errors.js";
import { describeLocation, RowError, type RowLocation } from "../../base/location.js";

/** Problems that an error lists; more are counted. */
const MAX_LISTED = 20;
/** Problems that are kept. */
const MAX_KEPT = 1000;

/** What is wrong with one row. */
export interface RowProblem {
  /** Undefined for what is wrong with the file as a whole. */
  where?: RowLocation;
  /** Path of the field, `annotations[0].result`; empty for the row itself. */
  field: string;
  problem: string;
}

/** What is wrong with the rows of a file, gathered until all of them have been read. */
export class ImportProblems {
  /** The first of them, in the order in which they were found. */
  readonly kept: RowProblem[] = [];
  count = 0;

  add(where: RowLocation | undefined, field: string, problem: string): void {
    this.count++;
    if (this.kept.length < MAX_KEPT) this.kept.push({ ...(where && { where }), field, problem });
  }

  /** Keeps an error about one row and goes on with the next. */
  catch<T>(attempt: () => T): T | undefined {
    try {
      return attempt();
    } catch (error) {
      this.addError(error);
      return undefined;
    }
  }

  /** Keeps an error about a row or a file. @throws what is a defect of ours. */
  addError(error: unknown): void {
    if (error instanceof RowError) this.add(error.where, error.field, error.problem);
    else if (error instanceof PlumbError) this.add(undefined, "", error.message);
    else throw error;
  }

  /** @throws PlumbError when there was any, naming each by file, line and field. */
  check(hint?: string): void {
    if (this.count === 0) return;
    const listed = this.kept.slice(0, MAX_LISTED);
    const more = this.count > listed.length ? `\nand ${this.count - listed.length} more` : "";
    const what = this.count === 1 ? "one row is" : `${this.count} rows are`;
    throw new PlumbError(`${what} wrong; nothing was imported:\n${listed.map(described).join("\n")}${more}`, {
      hint,
    });
  }
}

const described = ({ where, field, problem }: RowProblem): string =>
  `${where ? `${describeLocation(where)}: ` : ""}${field === "" ? "" : `field "${field}" `}${problem}`;
