/** Verifies the signed checkpoints of an audit log, those of the database and those of the file next to the key. */
import { keyId, signatureHolds } from "../audit/audit-key.js";
import { type Checkpoint, checkpointText } from "../audit/checkpoints.js";
import type { Queries } from "../database/database.js";
import type { NoteProblem } from "./problem.js";

export interface SignedEntries {
  /** The hash of each entry that a valid checkpoint names, by number. */
  signed: ReadonlyMap<number, string>;
  /** How many entries checkpoints of the given key name, and how many checkpoints are of other keys. */
  own: number;
  others: number;
  /** Whether there is any checkpoint at all, valid or not. */
  any: boolean;
  /** The keys by which valid checkpoints of the present version are signed, each with the first entry that it signs. */
  keys: ReadonlyMap<string, number>;
  /** Entries that checkpoints without a link name, as versions before the present one made them. */
  unlinked: readonly number[];
  /** The keys that the database has. */
  known: ReadonlySet<string>;
  /** Checkpoints that the file lacks, and the next start adds. */
  lacking: number;
}

/**
 * @param publicKey SPKI in PEM: the key that is trusted. Checkpoints of other keys must hold by the public keys that
 * the database has.
 * @param kept checkpoints of the file; undefined if it is not to be compared with the database.
 */
export async function verifyCheckpoints(
  db: Queries,
  publicKey: string,
  kept: readonly Checkpoint[] | undefined,
  note: NoteProblem,
): Promise<SignedEntries> {
  const own = keyId(publicKey);
  const keys = new Map([[own, publicKey]]);
  for (const row of await db.selectFrom("audit_keys").selectAll().execute())
    if (keyId(row.public_key) === row.key_id) keys.set(row.key_id, row.public_key);
    else note(0, "checkpoint", `the public key of ${row.key_id} was exchanged`);
  const known = new Set(
    (await db.selectFrom("audit_keys").select("key_id").execute()).map(({ key_id }) => key_id),
  );
  const stored = (await hasLinks(db))
    ? await db.selectFrom("audit_checkpoints").selectAll().orderBy("seq").execute()
    : (
        await db
          .selectFrom("audit_checkpoints")
          .select(["seq", "hash", "at", "key_id", "signature"])
          .orderBy("seq")
          .execute()
      ).map((row) => ({ ...row, previous_seq: null }));
  const signed = new Map<number, string>();
  const ownSigned = new Set<number>();
  const firstOf = new Map<string, number>();
  const unlinked: number[] = [];
  for (const checkpoint of [...stored, ...(kept ?? [])]) {
    const { seq, hash, signature, key_id } = checkpoint;
    const key = keys.get(key_id);
    if (key === undefined) note(seq, "checkpoint", `is signed by ${key_id}, a key that the database lacks`);
    else if (!signatureHolds(checkpointText(checkpoint), signature, key))
      note(seq, "checkpoint", "its signature is wrong");
    else if (signed.has(seq) && signed.get(seq) !== hash)
      note(seq, "checkpoint", "two checkpoints differ: the log was rewritten");
    else {
      signed.set(seq, hash);
      if (key_id === own) ownSigned.add(seq);
      if (checkpoint.previous_seq === null) unlinked.push(seq);
      else firstOf.set(key_id, Math.min(seq, firstOf.get(key_id) ?? seq));
    }
  }
  const lacking = verifyLinks(stored, kept, own, note);
  return {
    signed,
    keys: firstOf,
    unlinked,
    known,
    lacking,
    own: ownSigned.size,
    others: stored.filter(({ key_id }) => key_id !== own).length,
    any: stored.length + (kept?.length ?? 0) > 0,
  };
}

/** Whether the database has been opened by a version whose checkpoints name the one before them. */
async function hasLinks(db: Queries): Promise<boolean> {
  const tables = await db.introspection.getTables();
  const columns = tables.find(({ name }) => name === "audit_checkpoints")?.columns ?? [];
  return columns.some(({ name }) => name === "previous_seq");
}

/**
 * Whether each checkpoint's predecessor is there, and the file has what the database has. @returns what the file lacks.
 */
function verifyLinks(
  stored: readonly Checkpoint[],
  kept: readonly Checkpoint[] | undefined,
  own: string,
  note: NoteProblem,
): number {
  const linked = (list: readonly Checkpoint[]) => list.filter(({ previous_seq }) => previous_seq !== null);
  const inDatabase = new Set(stored.map(({ seq }) => seq));
  const known = new Set([...inDatabase, ...(kept ?? []).map(({ seq }) => seq)]);
  for (const { seq, previous_seq } of linked(stored))
    if (previous_seq !== 0 && !known.has(previous_seq as number))
      note(previous_seq as number, "checkpoint", `is gone: the one of entry ${seq} names it`);
  if (kept === undefined) return 0;
  for (const { seq } of linked(kept))
    if (!inDatabase.has(seq)) note(seq, "checkpoint", "is in the file, and was removed from the database");
  const inFile = new Set(kept.map(({ seq }) => seq));
  const lacking = linked(stored).filter(({ seq, key_id }) => key_id === own && !inFile.has(seq));
  const last = Math.max(0, ...inFile);
  // Only the last ones can be missing by a kill; the file as a whole only before the second checkpoint.
  if (inFile.size === 0 && lacking.length > 1)
    note(lacking[0].seq, "checkpoint", "the file of checkpoints next to the key is gone");
  else
    for (const { seq } of lacking)
      if (seq < last) note(seq, "checkpoint", "is in the database, and was removed from the file");
  return lacking.length;
}
