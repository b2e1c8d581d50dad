import { PlumbError } from "../../base/errors.js";

/**
 * Why the store refused a request; nothing was changed.
 *
 * - missing: the thing does not exist
 * - invalid: the input is wrong
 * - forbidden: it belongs to another rater, or the rater may not work in the project
 * - closed: the project takes no work now, or the item was withdrawn
 * - expired: the lease, the invitation or the time for corrections has run out
 * - conflict: it contradicts the present state, such as a second, different vote
 * - unavailable: the database is busy, full, damaged or gone; the same request may be taken later
 */
export type StoreProblem =
  | "missing"
  | "invalid"
  | "forbidden"
  | "closed"
  | "expired"
  | "conflict"
  | "unavailable";

/** The exit status for what may work later (sysexits.h, EX_TEMPFAIL). */
const EXIT_LATER = 75;

/** A request that the store refuses, in words for whoever made it. */
export class StoreError extends PlumbError {
  constructor(
    readonly problem: StoreProblem,
    message: string,
    hint?: string,
    /** The input field that the problem is about, if there is one. */
    readonly field?: string,
    cause?: unknown,
  ) {
    super(message, { hint, cause, ...(problem === "unavailable" && { exitCode: EXIT_LATER }) });
    this.name = "StoreError";
  }
}
