import { PlumbError } from "../base/errors.js";
import { examineFile, streamRows } from "../data/index.js";
import { ratingFile } from "../feedback/exchange/index.js";
import type { Ui } from "./ui.js";

/**
 * For a file that is about rating: a sentence that says so, and which command reads it, where training could still read
 * its prompts. @throws PlumbError where nothing in it is for training. A file that cannot be read is left to who reads
 * it.
 */
export async function otherThanDataset(file: string): Promise<string | undefined> {
  if (file === "-") return undefined;
  const row = await firstRow(file);
  const found = row === undefined ? undefined : ratingFile(file, row);
  if (found === undefined) return undefined;
  const says = `${file} holds ${found.holds}, and is no dataset for training`;
  const hint = `Read it with ${found.command}.`;
  const readable = await examineFile(file, { limit: 1, maxProblems: 1 }).catch(() => undefined);
  if (readable === undefined || readable.usable.length === 0) throw new PlumbError(`${says}.`, { hint });
  return `${says}, which would read its ${readable.usable.join(" and ")} alone. ${hint}`;
}

/** Warns of what `otherThanDataset` says. */
export async function warnOfOther(ui: Ui, file: string): Promise<void> {
  const other = await otherThanDataset(file);
  if (other !== undefined) ui.warn(other);
}

async function firstRow(file: string) {
  try {
    for await (const row of streamRows(file)) return row;
  } catch {
    // The examination of the file says what is wrong with it.
  }
  return undefined;
}
