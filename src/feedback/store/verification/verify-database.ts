/** Verifies the audit log of an existing database by the installation's key or by a given public key. */
import { createPublicKey } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { PlumbError } from "../../../base/errors.js";
import { type AuditKey, publicKeyOf } from "../audit/audit-key.js";
import { type Checkpoint, readCheckpoints } from "../audit/checkpoints.js";
import {
  checkpointFileOf,
  type Database,
  databaseLocation,
  defaultKeyFile,
  openExistingDatabase,
  type Queries,
} from "../database/database.js";
import { type AuditReport, verifyAudit } from "./verify-audit.js";

/** Where a database is, and the keys by which it is verified. */
export interface DatabaseKeys {
  /** SQLite file or postgres:// URL; default: DATABASE_URL, else plumb.db. */
  db?: string | undefined;
  /** File of the signing key; default: defaultKeyFile of the database. */
  keyFile?: string | undefined;
  /** PEM file of the key that checkpoints must be signed by; default: the public key of `keyFile`. */
  publicKey?: string | undefined;
}

/**
 * @param warn called with a message about what could not be read or is not proved.
 * @throws PlumbError when there is no database, or no key that it could be verified by. Problems of the log itself are
 * in the report.
 */
export async function verifyDatabase(
  { db, keyFile, publicKey }: DatabaseKeys,
  warn: (message: string) => void,
): Promise<AuditReport> {
  const location = databaseLocation(db);
  const key = keyFile ?? defaultKeyFile(location);
  const given = publicKey === undefined ? publicKeyOf(key) : await pem(publicKey);
  // The file first: what it has by then, the database has at the moment that is looked at.
  const kept = checkpointsOf(key, warn);
  const database = await openExistingDatabase(location);
  try {
    return await atOneMoment(database, async (snapshot) => {
      const trusted = given ?? (await lastKey(snapshot));
      if (trusted === undefined)
        throw new PlumbError(`There is no signing key ${key}.`, { hint: "Give --key-file or --public-key." });
      if (given === undefined)
        warn(
          `There is no signing key ${key}: checkpoints are held against the keys that the database names. ` +
            "Who altered it may have written those too; --key-file or --public-key proves more.",
        );
      return verifyAudit(snapshot, trusted, kept);
    });
  } finally {
    await database.db.destroy();
  }
}

/** Verifies a database that a store has open, as it is at one moment, on one of its connections for long reads. */
export async function verifyOpenStore(
  store: Pick<Database, "engine" | "longReads"> & {
    key: Pick<AuditKey, "publicKey">;
    checkpointFile: string;
  },
): Promise<AuditReport> {
  const { checkpoints: kept } = readCheckpoints(store.checkpointFile);
  const { engine, longReads: db } = store;
  return atOneMoment({ db, engine }, (snapshot) => verifyAudit(snapshot, store.key.publicKey, kept));
}

/** Checkpoints of the file next to a key; undefined if there is neither. */
function checkpointsOf(key: string, warn: (message: string) => void): Checkpoint[] | undefined {
  const file = checkpointFileOf(key);
  if (!existsSync(key) && !existsSync(file)) return undefined;
  const { checkpoints, malformed } = readCheckpoints(file);
  if (malformed > 0)
    warn(`${file}: ${malformed === 1 ? "1 line is no checkpoint" : `${malformed} lines are no checkpoints`}`);
  return checkpoints;
}

/** Reads a database as it is at one moment, whatever others write meanwhile. */
function atOneMoment<T>(
  { db, engine }: Pick<Database, "db" | "engine">,
  work: (snapshot: Queries) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction().setAccessMode("read only");
  return (engine === "postgresql" ? transaction.setIsolationLevel("repeatable read") : transaction).execute(
    work,
  );
}

/** The key that signed last, by the database's own account. */
async function lastKey(db: Queries): Promise<string | undefined> {
  const row = await db
    .selectFrom("audit_keys")
    .innerJoin("audit_checkpoints", "audit_checkpoints.key_id", "audit_keys.key_id")
    .select("audit_keys.public_key")
    .orderBy("audit_checkpoints.seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.public_key;
}

/** A public key from a file, in the PEM form that key ids are computed from. */
async function pem(path: string): Promise<string> {
  try {
    const key = createPublicKey(await readFile(path, "utf8"));
    if (key.asymmetricKeyType === "ed25519") return key.export({ type: "spki", format: "pem" }).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new PlumbError(`There is no file ${path}.`);
  }
  throw new PlumbError(`${path} is not an Ed25519 public key in PEM.`);
}
