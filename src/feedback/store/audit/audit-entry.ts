import { canonicalJson } from "../../../base/canonical-json.js";
import { sha256 } from "../../../base/sha256.js";

/** One recorded action. It names people by pseudonym only, because entries can never be deleted. */
export interface AuditEntry {
  /** Counts from 1, without gaps. */
  seq: number;
  /** Unix milliseconds. */
  at: number;
  /** Who did it: `rater:<id>`, `admin:<id>`, `key:<id>`, or `system`. */
  actor: string;
  /** What was done, as `thing.deed`, such as `vote.cast` or `project.state`. */
  action: string;
  /** Id of the thing that it was done to. */
  subject: string;
  /** Canonical JSON. */
  details_json: string;
  /** Hash of the previous entry; FIRST_PREVIOUS in the first. */
  previous: string;
  /** SHA-256, in hexadecimal, of the canonical JSON of all other fields. */
  hash: string;
}

export const FIRST_PREVIOUS = "0".repeat(64);

/** hash = SHA-256(canonical JSON of the entry without its hash). The entry includes the hash of the previous one. */
export function auditHash(entry: Omit<AuditEntry, "hash">): string {
  const { seq, at, actor, action, subject, details_json, previous } = entry;
  return sha256(canonicalJson({ seq, at, actor, action, subject, details_json, previous }));
}
