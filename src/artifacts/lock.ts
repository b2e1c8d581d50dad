import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
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
    const other = readOwner(path);
    if (other !== undefined && isAlive(other)) {
      throw new PlumbError(`${dir} is in use by process ${other.pid} on ${other.host}`, {
        hint: `Wait for it or stop it. If you know that it is gone, remove ${path}.`,
      });
    }
    removeStale(path);
  }
  const release = () => {
    process.off("exit", release);
    if (readOwner(path)?.pid === process.pid) rmSync(path, { force: true });
  };
  process.on("exit", release);
  return release;
}

function createLock(path: string, owner: Owner): boolean {
  try {
    const file = openSync(path, "wx");
    writeSync(file, `${JSON.stringify(owner)}\n`);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a stale lock. It is renamed first, so that only one of two processes that find it removes it. */
function removeStale(path: string): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(path, "utf8")) as Partial<Owner>;
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
