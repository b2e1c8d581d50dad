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
 */
export type StoreProblem = "missing" | "invalid" | "forbidden" | "closed" | "expired" | "conflict";

export class StoreError extends PlumbError {
  constructor(
    readonly problem: StoreProblem,
    message: string,
    hint?: string,
    /** The input field that the problem is about, if there is one. */
    readonly field?: string,
  ) {
    super(message, { hint });
    this.name = "StoreError";
  }
}
