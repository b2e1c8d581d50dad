import { PlumbError } from "./errors.js";

/** The exit status of a command line or recipe that does not fit the command. */
export const EXIT_USAGE = 2;

/** An error in how a command was called: flags, settings, recipe. */
export function usageError(message: string, hint?: string): PlumbError {
  return new PlumbError(message, { hint, exitCode: EXIT_USAGE });
}
