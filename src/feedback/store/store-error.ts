import { PlumbError } from "../../base/errors.js";

/**
 * Why the store did not do what it was asked; nothing was changed.
 *
 * - missing: there is no such thing
 * - invalid: what was given is wrong
 * - forbidden: it is another rater's
 * - closed: the project takes no work now, or the rater has left
 * - expired: the lease, the invitation or the time for corrections has run out
 * - conflict: it was done before, and otherwise
 */
export type StoreProblem = "missing" | "invalid" | "forbidden" | "closed" | "expired" | "conflict";

export class StoreError extends PlumbError {
  constructor(
    readonly problem: StoreProblem,
    message: string,
    hint?: string,
    /** The field of what was given that the problem is about, where one is. */
    readonly field?: string,
  ) {
    super(message, { hint });
    this.name = "StoreError";
  }
}
