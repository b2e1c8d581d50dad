/** Uploaded files while they are read, each in a folder of its own; those that a killed server left are removed. */
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processRuns } from "../base/process-runs.js";

/** Folders are named by the process that reads them. */
const NAME = /^plumb-upload-(\d+)-/;

/** Does something with a text as a file, which is then removed. @param ending of the file's name. */
export async function withUpload<T>(
  text: string,
  ending: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `plumb-upload-${process.pid}-`));
  try {
    const path = join(folder, `upload${ending}`);
    await writeFile(path, text, { mode: 0o600 });
    return await work(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what servers have left that were killed while they read. What cannot be removed stays. */
export async function sweepUploads(folder = tmpdir()): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const [, process] = NAME.exec(name) ?? [];
    const path = join(folder, name);
    if (process !== undefined && (await isLeft(path, Number(process))))
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Whether no process reads it: there is none of that number, or the number is ours and the folder older than we are.
 */
async function isLeft(path: string, owner: number): Promise<boolean> {
  if (owner !== process.pid) return !processRuns(owner);
  const began = Date.now() - process.uptime() * 1000;
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs < began,
    () => false,
  );
}
