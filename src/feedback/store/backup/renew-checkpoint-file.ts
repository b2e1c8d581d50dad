import { existsSync, renameSync } from "node:fs";
import { keyId, publicKeyOf } from "../audit/audit-key.js";
import { appendCheckpoints } from "../audit/checkpoints.js";
import { checkpointFileOf, type Database } from "../database/database.js";

/**
 * After a restore: sets the file of checkpoints aside, because beside it a log that went back to an earlier state would
 * look cut off, and writes a new one with those of the database that the key signed.
 *
 * @returns where the earlier file is; undefined if there was none.
 */
export async function renewCheckpointFile({ db }: Database, keyFile: string): Promise<string | undefined> {
  const file = checkpointFileOf(keyFile);
  let aside: string | undefined;
  if (existsSync(file)) {
    aside = `${file}.before-${Date.now()}`;
    renameSync(file, aside);
  }
  const publicKey = publicKeyOf(keyFile);
  if (publicKey === undefined) return aside;
  const own = await db
    .selectFrom("audit_checkpoints")
    .selectAll()
    .where("key_id", "=", keyId(publicKey))
    .orderBy("seq")
    .execute();
  appendCheckpoints(file, own);
  return aside;
}
