/**
 * Writes files and folders so that a reader sees either the previous state or the new one, never part of it.
 *
 * Everything is written to a temporary sibling (same file system), fsynced, and renamed into place.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { PlumbError } from "../base/errors.js";
import { systemCause } from "../base/system-error.js";

/**
 * Writes one file atomically; an existing file is replaced.
 *
 * @param data the whole content, or pieces of text in order.
 * @throws PlumbError if the disk is full or the path is not writable; the previous file is then unchanged.
 */
export async function writeFileAtomically(
  path: string,
  data: string | Uint8Array | Iterable<string>,
): Promise<void> {
  const target = resolve(path);
  const temporary = temporarySibling(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      const whole = typeof data === "string" || data instanceof Uint8Array;
      for (const piece of whole ? [data] : data) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await discard(temporary);
    throw writeError(target, error);
  }
}

/**
 * Writes a whole folder atomically: `write` fills a temporary folder, which then replaces `dir`.
 *
 * An existing `dir` is replaced only if the new folder has an entry for every name in it, so that a mistaken path (a
 * home folder) is refused instead of emptied. Replacing takes two renames; if the machine stops between them, the
 * previous folder is still whole under the name `.<name>.old-*`.
 *
 * @throws PlumbError if the disk is full, the path is not writable, or `dir` holds something else.
 */
export async function writeFolderAtomically(
  dir: string,
  write: (tmp: string) => Promise<void>,
): Promise<void> {
  await writeFolder(dir, write, moveIntoPlace);
}

/**
 * Writes a whole folder atomically unless `dir` exists by then: of two concurrent writes, the first one wins.
 *
 * @throws PlumbError if the disk is full or the path is not writable.
 */
export async function writeFolderOnce(dir: string, write: (tmp: string) => Promise<void>): Promise<void> {
  await writeFolder(dir, write, async (temporary, target) => {
    try {
      await rename(temporary, target);
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(codeOf(error) ?? "") || !(await entriesOf(target)))
        throw error;
      await discard(temporary);
    }
  });
}

async function writeFolder(
  dir: string,
  write: (tmp: string) => Promise<void>,
  place: (temporary: string, target: string) => Promise<void>,
): Promise<void> {
  const target = resolve(dir);
  const temporary = temporarySibling(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    await mkdir(temporary);
    await write(temporary);
    await syncTree(temporary);
    await place(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await discard(temporary);
    throw writeError(target, error);
  }
}

function temporarySibling(target: string, kind = "tmp"): string {
  return join(dirname(target), `.${basename(target)}.${kind}-${randomBytes(6).toString("hex")}`);
}

/** Removes the remains of a failed write. Errors are ignored: the error of the write itself is reported. */
async function discard(temporary: string): Promise<void> {
  await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
}

async function moveIntoPlace(temporary: string, target: string): Promise<void> {
  const previous = await entriesOf(target);
  if (previous === undefined) return rename(temporary, target);
  const next = new Set(await readdir(temporary));
  const foreign = previous.filter((name) => !next.has(name));
  if (foreign.length > 0) {
    throw new PlumbError(`${target} already holds ${foreign.slice(0, 3).join(", ")}, which would be lost.`, {
      hint: "Choose a new or an empty folder, or remove that one first.",
    });
  }
  const old = temporarySibling(target, "old");
  await rename(target, old);
  try {
    await rename(temporary, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

/** Names in a folder, or undefined if it does not exist. */
async function entriesOf(dir: string): Promise<string[] | undefined> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function syncTree(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      await syncTree(path);
    } else if (entry.isFile()) {
      const file = await open(path, "r+");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }
  await syncFolder(dir);
}

/** Makes renames in a folder durable. Windows has no such call and does not need one. */
async function syncFolder(dir: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Turns a system error into a PlumbError if its cause is known; otherwise returns it unchanged. */
function writeError(path: string, error: unknown): unknown {
  const known = systemCause(error);
  if (known === undefined) return error;
  return new PlumbError(`Cannot write ${path}: ${known.why}. Nothing was changed.`, {
    hint: known.hint,
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
