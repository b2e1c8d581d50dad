import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes the file of a SQLite database, and folders that are missing, for their owner alone (0600, 0700), and takes the
 * rights of others from a file that is there, with its write-ahead log. SQLite gives the files beside it the same mode.
 * A file of another user keeps its mode.
 */
export function keepForOwner(path: string): void {
  mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  if (process.platform === "win32") return;
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile() && (found.mode & 0o077) !== 0 && found.uid === process.getuid?.())
      chmodSync(file, 0o600);
  }
}
