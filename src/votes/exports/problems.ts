import { PlumbError } from "../../base/errors.js";
import { describeLocation, RowError, type RowLocation } from "../../base/location.js";

/** Most problems that an error lists; further ones are only counted. */
const MAX_LISTED = 20;
/** Most problems kept. */
const MAX_KEPT = 1000;

/** A problem with one row. */
export interface RowProblem {
  /** Undefined for a problem with the file as a whole. */
  where?: RowLocation;
  /** Path of the field, such as `annotations[0].result`; empty for the row itself. */
  field: string;
  problem: string;
}

/** What is told with its number: what a file repeats or leaves open, and answers that are no votes. */
export type Tally =
  | "repeatedVote"
  | "assumedUtc"
  | "unnamedRater"
  | "respelledRater"
  | "unnamedCategory"
  | "rejectedAnswer"
  | "skippedAnswer"
  | "blankAnswer"
  | "machineAnswer"
  | "goldVote"
  | "datedSession";

/** Collects the problems of a file's rows until all rows have been read. */
export class ImportProblems {
  readonly tallies = new Map<Tally, number>();

  /** The first problems, in the order they were found. */
  readonly kept: RowProblem[] = [];
  count = 0;

  add(where: RowLocation | undefined, field: string, problem: string): void {
    this.count++;
    if (this.kept.length < MAX_KEPT) this.kept.push({ ...(where && { where }), field, problem });
  }

  /** Counts something that is no problem, but of which the user is told. */
  tally(what: Tally): void {
    this.tallies.set(what, (this.tallies.get(what) ?? 0) + 1);
  }

  /** Runs a step for one row; records an error about it and returns undefined, so that the caller can go on. */
  catch<T>(attempt: () => T): T | undefined {
    try {
      return attempt();
    } catch (error) {
      this.addError(error);
      return undefined;
    }
  }

  /** Records an error about a row or a file. @throws any other error again, because it is a defect of the program. */
  addError(error: unknown): void {
    if (error instanceof RowError) this.add(error.where, error.field, error.problem);
    else if (error instanceof PlumbError) this.add(undefined, "", error.message);
    else throw error;
  }

  /** @throws PlumbError if there is any problem, naming the first ones by file, line and field. */
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

/** A problem as one line of text. */
export const described = ({ where, field, problem }: RowProblem): string =>
  `${where ? `${describeLocation(where)}: ` : ""}${field === "" ? "" : `field "${field}" `}${problem}`;
