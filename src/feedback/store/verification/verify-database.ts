/** Verifies the audit log of an existing database by the installation's key or by a given public key. */
import { createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { PlumbError } from "../../../base/errors.js";
import { publicKeyOf } from "../audit/audit-key.js";
import { readCheckpoints } from "../audit/checkpoints.js";
import {
  checkpointFileOf,
  databaseLocation,
  defaultKeyFile,
  openExistingDatabase,
} from "../database/database.js";
import { type AuditReport, verifyAudit } from "./verify-audit.js";

export interface DatabaseKeys {
  /** SQLite file or postgres:// URL; default: DATABASE_URL, else plumb.db. */
  db?: string | undefined;
  /** File of the signing key; default: defaultKeyFile of the database. */
  keyFile?: string | undefined;
  /** PEM file of the key that checkpoints must be signed by; default: the public key of `keyFile`. */
  publicKey?: string | undefined;
}

/**
 * @param warn called with a message if lines of the checkpoint file are malformed.
 * @throws PlumbError when there is no database or no key. Problems of the log itself are in the report.
 */
export async function verifyDatabase(
  { db, keyFile, publicKey }: DatabaseKeys,
  warn: (message: string) => void,
): Promise<AuditReport> {
  const location = databaseLocation(db);
  const database = await openExistingDatabase(location);
  try {
    const key = keyFile ?? defaultKeyFile(location);
    const trusted = publicKey === undefined ? ownKey(key) : await pem(publicKey);
    const { checkpoints, malformed } = readCheckpoints(checkpointFileOf(key));
    if (malformed > 0) warn(`${checkpointFileOf(key)}: ${malformed} lines are not checkpoints`);
    return await verifyAudit(database.db, trusted, checkpoints);
  } finally {
    await database.db.destroy();
  }
}

function ownKey(path: string): string {
  const key = publicKeyOf(path);
  if (key === undefined)
    throw new PlumbError(`There is no signing key ${path}.`, { hint: "Give --key-file or --public-key." });
  return key;
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
