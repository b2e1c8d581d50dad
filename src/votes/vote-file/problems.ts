import { PlumbError } from "../../base/errors.js";

/** Most bad rows that an error lists, and most aspects that it names. */
export const MAX_LISTED = 20;

/** The number of bad rows, and the first problems. */
export class Problems {
  private readonly listed: string[] = [];
  private count = 0;

  add(problem: string): void {
    this.count++;
    if (this.listed.length < MAX_LISTED) this.listed.push(problem);
  }

  check(path: string): void {
    if (this.count === 0) return;
    const more = this.count > this.listed.length ? `\nand ${this.count - this.listed.length} more` : "";
    throw new PlumbError(
      `${path} has ${this.count} bad ${this.count === 1 ? "row" : "rows"}:\n${this.listed.join("\n")}${more}`,
      { hint: "Nothing was written. Fix or remove these rows, then try again." },
    );
  }
}

/** @throws PlumbError if there are several aspects and none is chosen, or the chosen one does not occur. */
export function checkAspects(path: string, aspects: readonly string[], wanted: string | undefined): void {
  const known = aspects.map((aspect) => JSON.stringify(aspect.slice(0, 60))).join(", ");
  if (wanted === undefined && aspects.length > 1)
    throw new PlumbError(`${path} judges several aspects: ${known}`, {
      hint: "Each is aggregated by itself: choose one with --aspect.",
    });
  if (wanted !== undefined && !aspects.includes(wanted))
    throw new PlumbError(`${path} has no votes on the aspect ${JSON.stringify(wanted.slice(0, 60))}`, {
      hint: aspects.length === 0 ? "It has no column aspect." : `It has ${known}.`,
    });
}
