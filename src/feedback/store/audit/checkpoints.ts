/**
 * Signed checkpoints of the audit log. The hash chain shows that no entry was changed, but not that none was cut off
 * its end. A checkpoint states, with the installation's signature, how far the log had come, and which checkpoint was
 * the one before it. Each is stored in the database and in a file next to the key, so hiding a cut requires changing
 * both.
 */

import {
  appendFileSync,
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
} from "node:fs";
import type { Transaction } from "kysely";
import { z } from "zod";
import { canonicalJson } from "../../../base/canonical-json.js";
import { jsonOrUndefined } from "../../../base/json-values.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import type { AuditKey } from "./audit-key.js";

export const Checkpoint = z.object({
  seq: z.int().min(1),
  hash: z.string().length(64),
  at: z.int(),
  key_id: z.string().max(64),
  signature: z.string().max(200),
  previous_seq: z.int().min(0).nullable().default(null),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** The text that is signed. */
export function checkpointText({
  seq,
  hash,
  at,
  key_id,
  previous_seq,
}: Omit<Checkpoint, "signature">): string {
  return canonicalJson({ seq, hash, at, key_id, ...(previous_seq !== null && { previous_seq }) });
}

/** @param previous number of the entry that the checkpoint before this one names; 0 if there is none. */
export function signCheckpoint(
  key: AuditKey,
  head: { seq: number; hash: string },
  at: number,
  previous: number | null = null,
): Checkpoint {
  const unsigned = { seq: head.seq, hash: head.hash, at, key_id: key.id, previous_seq: previous };
  return { ...unsigned, signature: key.sign(checkpointText(unsigned)) };
}

/** Adds a checkpoint to the database. */
export async function storeCheckpoint(db: Transaction<Tables>, checkpoint: Checkpoint): Promise<void> {
  await db
    .insertInto("audit_checkpoints")
    .values(checkpoint)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Adds a public key to those that sign checkpoints, if it is not among them. */
export async function storeKey(db: Transaction<Tables>, key: AuditKey, now: number): Promise<void> {
  await db
    .insertInto("audit_keys")
    .values({ key_id: key.id, public_key: key.publicKey, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Number of the last signed entry; 0 if none is signed. */
export async function lastSigned(db: Queries): Promise<number> {
  const last = await db
    .selectFrom("audit_checkpoints")
    .select("seq")
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return last?.seq ?? 0;
}

/**
 * Appends checkpoints to the file, one JSON object per line, and flushes it to disk. The part of a line that a killed
 * process left is removed first; where the disk is full, the file is left as it was.
 */
export function appendCheckpoints(path: string, checkpoints: readonly Checkpoint[]): void {
  const file = openSync(path, "a+", 0o600);
  try {
    const ended = endLastLine(file);
    const { size } = fstatSync(file);
    const lines = checkpoints.map((checkpoint) => `${JSON.stringify(checkpoint)}\n`);
    try {
      appendFileSync(file, (ended ? "" : "\n") + lines.join(""));
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, size);
      throw error;
    }
  } finally {
    closeSync(file);
  }
}

/** More than the longest line of a checkpoint, in bytes. */
const TAIL = 4096;

/**
 * Removes a last line of which only a part was written. @returns false if the last line is whole and only lacks its
 * end.
 */
function endLastLine(file: number): boolean {
  const { size } = fstatSync(file);
  const tail = Buffer.alloc(Math.min(size, TAIL));
  readSync(file, tail, 0, tail.length, size - tail.length);
  const last = tail.subarray(tail.lastIndexOf("\n") + 1);
  if (last.length === 0) return true;
  if (last.length === TAIL || Checkpoint.safeParse(jsonOrUndefined(last.toString())).success) return false;
  ftruncateSync(file, size - last.length);
  return true;
}

/**
 * The checkpoints in a file, in order, and the number of malformed lines. A missing file has no checkpoints. The part
 * of a line at the end is none: whoever wrote it was stopped, or writes it now.
 */
export function readCheckpoints(path: string): { checkpoints: Checkpoint[]; malformed: number } {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { checkpoints: [], malformed: 0 };
    throw error;
  }
  const lines = text.split("\n").filter((line) => line !== "");
  const checkpoints = lines.flatMap((line) => {
    const parsed = Checkpoint.safeParse(jsonOrUndefined(line));
    return parsed.success ? [parsed.data] : [];
  });
  const cut =
    !text.endsWith("\n") &&
    lines.length > 0 &&
    !Checkpoint.safeParse(jsonOrUndefined(lines.at(-1) ?? "")).success;
  return { checkpoints, malformed: lines.length - checkpoints.length - (cut ? 1 : 0) };
}
