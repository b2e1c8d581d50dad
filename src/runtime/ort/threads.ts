/** How many threads programs run on. */
import os from "node:os";
import { PlumbError } from "../../base/errors.js";

/** Most threads that PLUMB_THREADS may ask for: a number above it is a mistake. */
const MAX_THREADS = 1024;

/**
 * PLUMB_THREADS, or as many as there are processors if it is not set or empty.
 *
 * @throws PlumbError if it is not a whole number from 1 to 1024.
 */
export function threadsWanted(text = process.env.PLUMB_THREADS): number {
  if (text === undefined || text.trim() === "") return os.availableParallelism();
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
  throw new PlumbError(
    `PLUMB_THREADS is ${JSON.stringify(text.slice(0, 60))}; expected a whole number from 1 to ${MAX_THREADS}.`,
    { hint: `Unset it to use all ${os.availableParallelism()} processors.` },
  );
}
