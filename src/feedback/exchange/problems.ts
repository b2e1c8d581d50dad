import { describeLocation, type RowLocation } from "../../data/location.js";
import { PlumbError } from "../../errors.js";

/** Problems that are listed; more are counted. */
const MOST_LISTED = 20;

/** What is wrong with the rows of a file, gathered until all of them have been read. */
export class ImportProblems {
  private readonly listed: string[] = [];
  private count = 0;

  /** @param field path of the field, `annotations[0].result`; empty for the row itself. */
  add(where: RowLocation, field: string, problem: string): void {
    this.count++;
    if (this.listed.length < MOST_LISTED)
      this.listed.push(`${describeLocation(where)}: ${field === "" ? "" : `field "${field}" `}${problem}`);
  }

  /** Keeps an error about one row and goes on with the next. */
  catch<T>(attempt: () => T): T | undefined {
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      this.count++;
      if (this.listed.length < MOST_LISTED) this.listed.push(error.message);
      return undefined;
    }
  }

  /** @throws PlumbError when there was any, naming each by file, line and field. */
  check(hint?: string): void {
    if (this.count === 0) return;
    const more = this.count > this.listed.length ? `\nand ${this.count - this.listed.length} more` : "";
    const what = this.count === 1 ? "one row is" : `${this.count} rows are`;
    throw new PlumbError(`${what} wrong; nothing was imported:\n${this.listed.join("\n")}${more}`, { hint });
  }
}
