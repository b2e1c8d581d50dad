import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { PlumbError } from "../base/errors.js";
import { processRuns } from "../base/process-runs.js";

const LOCK = "lock.json";

interface Owner {
  pid: number;
  host: string;
  /** When the process started, in the kernel's clock ticks: distinguishes it from a later process with the same pid. */
  started: string;
}

/**
 * Locks a folder for this process. A lock whose process is gone is taken over.
 *
 * @returns a function that releases the lock, which also happens when the process exits.
 * @throws PlumbError if another live process holds the lock.
 */
export function lockFolder(dir: string): () => void {
  const path = join(dir, LOCK);
  const owner: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) ?? "" };
  while (!createLock(path, owner)) {
    const found = readLock(path);
    if (found === undefined) continue;
    const other = ownerIn(found);
    if (other !== undefined && isAlive(other)) {
      const elsewhere = other.host !== hostname();
      throw new PlumbError(
        `${dir} is in use by process ${other.pid} on ${other.host}${elsewhere ? ", another machine, where it cannot be looked for" : ""}`,
        { hint: `Wait for it or stop it. If you know that it is gone, remove ${path}.` },
      );
    }
    if (other === undefined && isFresh(path))
      throw new PlumbError(`${dir} is being locked by another process`, {
        hint: `Try again. If that does not help, remove ${path}.`,
      });
    removeStale(path, found);
  }
  const release = () => {
    process.off("exit", release);
    if (ownerIn(readLock(path))?.pid === process.pid) rmSync(path, { force: true });
  };
  process.on("exit", release);
  return release;
}

/**
 * Makes the lock with its owner in it at once: a file of its own gets the lock's name as a second one, so nobody ever
 * sees a lock that is still empty.
 */
function createLock(path: string, owner: Owner): boolean {
  const own = `${path}.${owner.pid}-${randomBytes(4).toString("hex")}`;
  writeFileSync(own, `${JSON.stringify(owner)}\n`, { flag: "wx" });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // File systems without second names, such as FAT.
    if (code !== undefined && NO_LINKS.has(code)) return createInPlace(path, owner);
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

function createInPlace(path: string, owner: Owner): boolean {
  try {
    writeFileSync(path, `${JSON.stringify(owner)}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Milliseconds for which a lock without an owner may be one that is just being written. */
const BEING_WRITTEN = 10_000;

/** Whether the file is so new that its maker may not have written its owner yet. */
function isFresh(path: string): boolean {
  const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  return Math.abs(Date.now() - mtimeMs) < BEING_WRITTEN;
}

/**
 * Removes a stale lock. It is renamed first, so that only one of two processes that find it removes it; if it is
 * another than was found, its owner gets it back.
 */
function removeStale(path: string, found: string): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
    if (readLock(aside) !== found) linkSync(aside, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** What is in the lock; undefined if there is none. */
function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function ownerIn(text = ""): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner>;
    const whole =
      Number.isSafeInteger(owner.pid) && typeof owner.host === "string" && typeof owner.started === "string";
    return whole ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the owner is alive. A process on another machine cannot be checked, and counts as alive. */
function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  if (!processRuns(owner.pid)) return false;
  const started = startOf(owner.pid);
  return started === undefined || owner.started === "" || started === owner.started;
}

/** Field 22 of /proc/<pid>/stat; undefined on systems without that file. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
