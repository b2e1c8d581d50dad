import { existsSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PlumbError } from "../base/errors.js";
import { systemCause } from "../base/system-error.js";

/**
 * Makes sure that a folder can be written to, or made where it is not there yet, before the work whose results go
 * there. It makes and removes a folder of a random name, and leaves nothing behind.
 *
 * @param what is to go there, for the message: `runs`. @throws PlumbError saying why it cannot.
 */
export async function checkWritable(folder: string, what: string): Promise<void> {
  let nearest = folder;
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest);
  try {
    await rmdir(await mkdtemp(join(nearest, ".writable-")));
  } catch (error) {
    const cause = systemCause(error, folder);
    if (cause === undefined) throw error;
    throw new PlumbError(`${what} cannot be written to ${folder}: ${cause.why}`, {
      hint: cause.hint,
      cause: error,
    });
  }
}
