/**
 * Temporary folders whose files lie in memory where the system has room there: SQLite's commits then wait for no disk.
 */
import { mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** Less is left to whom it is meant for; containers often have 64 MiB there. */
const MIN_BYTES = 2 ** 30;

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= MIN_BYTES;
  } catch {
    return false;
  }
}

/** A new folder, which the caller removes. */
export const memoryFolder = (prefix: string): string =>
  mkdtempSync(join(hasRoom() ? MEMORY : tmpdir(), prefix));
