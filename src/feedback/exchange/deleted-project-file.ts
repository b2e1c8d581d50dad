import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { PlumbError } from "../../base/errors.js";
import { systemCause } from "../../base/system-error.js";
import { exportDeletedProject, findDeletedProject, type Queries } from "../store/index.js";

/**
 * Writes all that a deleted project holds of work to a file that only its owner may read: a line of JSON for each row,
 * with the name of its table.
 *
 * @returns the number of rows.
 * @throws StoreError missing: there is no such project; PlumbError when the file cannot be written: an existing one is
 * then left as it is.
 */
export async function writeDeletedProject(db: Queries, project: string, path: string): Promise<number> {
  await findDeletedProject({ db }, project);
  const temporary = `${path}.part`;
  let rows = 0;
  async function* lines(): AsyncGenerator<string> {
    for await (const line of exportDeletedProject({ db }, project)) {
      rows++;
      yield `${JSON.stringify(line)}\n`;
    }
  }
  try {
    await rm(temporary, { force: true });
    await pipeline(Readable.from(lines()), createWriteStream(temporary, { mode: 0o600, flags: "wx" }));
    await rename(temporary, path);
    return rows;
  } catch (error) {
    await rm(temporary, { force: true });
    const cause = systemCause(error, path);
    if (cause === undefined) throw error;
    throw new PlumbError(`Cannot write ${path}: ${cause.why}.`, {
      hint: "Choose a folder that you may write to, on a disk with enough free space.",
      cause: error,
    });
  }
}
