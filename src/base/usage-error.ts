import { PlumbError } from "./errors.js";

/** Exit status for a command line or recipe that the command does not accept. */
export const EXIT_USAGE = 2;

/** An error in how a command was called: its flags, settings or recipe. */
export function usageError(message: string, hint?: string): PlumbError {
  return new PlumbError(message, { hint, exitCode: EXIT_USAGE });
}
