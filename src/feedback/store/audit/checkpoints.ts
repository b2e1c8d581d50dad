/**
 * Signed checkpoints of the audit log. The hash chain shows that no entry was changed, but not that none was cut off
 * its end. A checkpoint states, with the installation's signature, how far the log had come. Each is stored in the
 * database and in a file next to the key, so hiding a cut requires changing both.
 */
import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync } from "node:fs";
import type { Transaction } from "kysely";
import { z } from "zod";
import { canonicalJson } from "../../../base/canonical-json.js";
import type { Tables } from "../database/tables.js";
import type { AuditKey } from "./audit-key.js";

export const Checkpoint = z.object({
  seq: z.int().min(1),
  hash: z.string().length(64),
  at: z.int(),
  key_id: z.string().max(64),
  signature: z.string().max(200),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** The text that is signed. */
export function checkpointText({ seq, hash, at, key_id }: Omit<Checkpoint, "signature">): string {
  return canonicalJson({ seq, hash, at, key_id });
}

export function signCheckpoint(key: AuditKey, head: { seq: number; hash: string }, at: number): Checkpoint {
  const unsigned = { seq: head.seq, hash: head.hash, at, key_id: key.id };
  return { ...unsigned, signature: key.sign(checkpointText(unsigned)) };
}

/** Adds a checkpoint to the database, together with the public key if it is that key's first. */
export async function storeCheckpoint(
  db: Transaction<Tables>,
  key: AuditKey,
  checkpoint: Checkpoint,
): Promise<void> {
  await db
    .insertInto("audit_keys")
    .values({ key_id: key.id, public_key: key.publicKey, created_at: checkpoint.at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto("audit_checkpoints")
    .values(checkpoint)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Appends a checkpoint to the file, one JSON object per line, and flushes it to disk. */
export function appendCheckpoint(path: string, checkpoint: Checkpoint): void {
  const file = openSync(path, "a", 0o600);
  try {
    appendFileSync(file, `${JSON.stringify(checkpoint)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The checkpoints in a file, in order, and the number of malformed lines. A missing file has no checkpoints. */
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
    const parsed = Checkpoint.safeParse(parseJson(line));
    return parsed.success ? [parsed.data] : [];
  });
  return { checkpoints, malformed: lines.length - checkpoints.length };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
