import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.js";

/** One thing that was done. It names people by pseudonym only: what is here can never be deleted. */
export interface AuditEntry {
  /** From 1, without gaps. */
  seq: number;
  /** Unix milliseconds. */
  at: number;
  /** Who: `rater:<id>`, `admin:<id>`, `key:<id>`, or `system`. */
  actor: string;
  /** What, as `thing.deed`: `vote.cast`, `project.paused`. */
  action: string;
  /** To what: the thing's id. */
  subject: string;
  /** Canonical JSON. */
  details_json: string;
  /** Hash of the entry before; the first has FIRST_PREVIOUS. */
  previous: string;
  /** SHA-256, in hexadecimal, of the canonical JSON of all other fields. */
  hash: string;
}

export const FIRST_PREVIOUS = "0".repeat(64);

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** hash = SHA-256(canonical JSON of the entry without its hash), which holds the hash of the entry before. */
export function auditHash(entry: Omit<AuditEntry, "hash">): string {
  const { seq, at, actor, action, subject, details_json, previous } = entry;
  return sha256(canonicalJson({ seq, at, actor, action, subject, details_json, previous }));
}
