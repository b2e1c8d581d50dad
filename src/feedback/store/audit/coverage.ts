/**
 * What the audit log covers, table by table and column by column: what changes what raters see, who may do what, or
 * what counts. A column that is not covered says why. The types hold this list to the tables as queries see them, and a
 * test to the tables as the migrations make them.
 */

import { canonicalJson } from "../../../base/canonical-json.js";
import { sha256 } from "../../../base/sha256.js";
import type { Tables } from "../database/tables.js";

/**
 * covered: part of the row's hash in the log. contents: part of a second hash of the row, as it is long and hardly
 * changes. counted: follows from other rows, and verification counts again. Anything else is the reason for leaving it
 * out.
 */
type Decision = "covered" | "contents" | "counted" | { out: string };

/** What verification calls a row of a table. */
export type RowKind =
  | "account"
  | "adjudication"
  | "departure"
  | "guidelines"
  | "invitation"
  | "item"
  | "key"
  | "lease"
  | "member"
  | "project"
  | "rater"
  | "review"
  | "session"
  | "staff"
  | "text"
  | "training answer";

interface TableCoverage<T extends keyof Tables> {
  kind: RowKind;
  key: readonly (keyof Tables[T] & string)[];
  columns: { [C in keyof Tables[T]]: Decision };
}
type Coverage = { [T in keyof Tables]: TableCoverage<T> | { out: string } };

const covered = "covered";
const contents = "contents";
const counted = "counted";

export const COVERAGE = {
  accounts: {
    kind: "account",
    key: ["id"],
    columns: {
      id: covered,
      rater_id: covered,
      login: covered,
      password_hash: covered,
      role: covered,
      state: covered,
      totp_secret: covered,
      totp_confirmed: covered,
      totp_step: covered,
      created_at: covered,
    },
  },
  adjudications: {
    kind: "adjudication",
    key: ["item_id"],
    columns: {
      item_id: covered,
      project_id: covered,
      answer_json: covered,
      note: covered,
      decided_by: covered,
      decided_at: covered,
    },
  },
  api_keys: {
    kind: "key",
    key: ["id"],
    columns: {
      id: covered,
      key_hash: covered,
      prefix: covered,
      account_id: covered,
      name: covered,
      scopes_json: covered,
      created_at: covered,
      expires_at: covered,
    },
  },
  audit: { out: "it is the log: each entry holds the hash of the one before" },
  audit_checkpoints: { out: "each is signed, and names the one before it" },
  audit_keys: { out: "the log holds every key, and a key's id is its hash" },
  audit_texts: {
    kind: "text",
    key: ["seq", "name"],
    columns: { seq: covered, name: covered, text: covered },
  },
  bookmarks: { out: "a rater's own notes; nobody else sees them, and they count nowhere" },
  departures: {
    kind: "departure",
    key: ["project_id", "rater_id"],
    columns: { project_id: covered, rater_id: covered, at: covered },
  },
  drafts: { out: "a rater's unfinished answers; they count nowhere until the rater sends them" },
  guidelines: {
    kind: "guidelines",
    key: ["project_id", "version"],
    columns: { project_id: covered, version: covered, text: covered, created_at: covered },
  },
  import_columns: { out: "how a file's columns were read last; the next file may be read otherwise" },
  invitations: {
    kind: "invitation",
    key: ["id"],
    columns: {
      id: covered,
      token_hash: covered,
      role: covered,
      project_id: covered,
      group_name: covered,
      created_by: covered,
      created_at: covered,
      expires_at: covered,
      used_at: covered,
    },
  },
  items: {
    kind: "item",
    key: ["id"],
    columns: {
      id: covered,
      project_id: covered,
      position: covered,
      content_json: contents,
      responses: covered,
      language: covered,
      audience: covered,
      gold_json: contents,
      explanation: contents,
      priority: covered,
      state: covered,
      overlap: covered,
      votes: counted,
      leases: counted,
      available: counted,
      created_at: covered,
      asked: covered,
      changed_at: covered,
    },
  },
  leases: {
    kind: "lease",
    key: ["id"],
    columns: {
      id: covered,
      project_id: covered,
      item_id: covered,
      rater_id: covered,
      state: covered,
      turn: covered,
      repeat_shown: covered,
      gold: covered,
      order_json: covered,
      guidelines_version: covered,
      created_at: covered,
      expires_at: covered,
      reason: { out: "a rater's own words on a skipped item; the log has the reason's name" },
    },
  },
  memberships: {
    kind: "member",
    key: ["project_id", "rater_id"],
    columns: {
      project_id: covered,
      rater_id: covered,
      group_name: covered,
      state: covered,
      state_reason: covered,
      joined_at: covered,
      number: covered,
      turns: counted,
      votes: counted,
      day: counted,
      day_votes: counted,
      reliability: covered,
    },
  },
  messages: { out: "words between a rater and the leads: they decide nothing, and go with the rater's data" },
  migrations: { out: "a program that finds an unknown list refuses the database" },
  people: { out: "personal data: they can be deleted without a trace, and decide nothing" },
  projects: {
    kind: "project",
    key: ["id"],
    columns: {
      id: covered,
      name: covered,
      state: covered,
      task_json: covered,
      settings_json: covered,
      seed: covered,
      guidelines_version: covered,
      created_at: covered,
    },
  },
  raters: {
    kind: "rater",
    key: ["id"],
    columns: { id: covered, languages_json: covered, state: covered, created_at: covered },
  },
  reviews: {
    kind: "review",
    key: ["id"],
    columns: {
      id: covered,
      project_id: covered,
      vote_id: covered,
      lease_id: covered,
      filter: covered,
      evidence_json: covered,
      state: covered,
      created_at: covered,
      decided_at: covered,
      decided_by: covered,
      note: covered,
    },
  },
  sessions: {
    kind: "session",
    key: ["id"],
    columns: {
      id: covered,
      token_hash: covered,
      account_id: covered,
      created_at: covered,
      seen_at: { out: "moves every minute; a session ends by expires_at in any case" },
      expires_at: covered,
      client: { out: "a browser's name for itself; it decides nothing" },
    },
  },
  staff: {
    kind: "staff",
    key: ["project_id", "account_id"],
    columns: { project_id: covered, account_id: covered, created_at: covered },
  },
  training_answers: {
    kind: "training answer",
    key: ["rater_id", "item_id"],
    columns: {
      rater_id: covered,
      item_id: covered,
      project_id: covered,
      answer_json: covered,
      answered_at: covered,
    },
  },
  votes: { out: "the entry of each vote holds its fields and the hash of its answer" },
} as const satisfies Coverage;

/** Tables whose rows the log has by their hashes. */
type CoveredTable = {
  [T in keyof typeof COVERAGE]: (typeof COVERAGE)[T] extends { kind: RowKind } ? T : never;
}[keyof typeof COVERAGE];

/** What the log has a hash of for each row of a table: its covered columns, or its contents. */
export type PartName = CoveredTable | "items.contents";

export interface Part {
  name: PartName;
  table: CoveredTable;
  kind: RowKind;
  key: readonly string[];
  /** Those that are hashed, with the key. */
  columns: readonly string[];
}

/** In order of name. */
export const PARTS: readonly Part[] = (Object.keys(COVERAGE) as (keyof Tables)[])
  .filter((table): table is CoveredTable => "kind" in COVERAGE[table])
  .sort()
  .flatMap((table) => {
    const { kind, key, columns } = COVERAGE[table];
    const those = (decision: Decision) =>
      Object.entries(columns).flatMap(([column, is]) => (is === decision ? [column] : []));
    const long = those(contents);
    const part = { table, kind, key };
    return [
      { ...part, name: table, columns: those(covered) },
      ...(long.length > 0
        ? [{ ...part, name: `${table}.contents` as PartName, columns: [...key, ...long] }]
        : []),
    ];
  });

/** A row's key as the log writes it: the columns of its key, with spaces between them. */
export function rowKey({ key }: Part, row: Readonly<Record<string, unknown>>): string {
  return key.map((column) => String(row[column])).join(" ");
}

/** Hexadecimal digits of a row's hash: 128 bits of SHA-256. */
const HASH_DIGITS = 32;

/**
 * The hash of a part of a row: the start of SHA-256 of the canonical JSON of its name and columns. Columns without a
 * value are left out, so a column that a later migration adds changes no hash until it has one.
 */
export function rowHash({ name, columns }: Part, row: Readonly<Record<string, unknown>>): string {
  const values = columns.flatMap((column) =>
    row[column] === null || row[column] === undefined ? [] : [[column, row[column]] as const],
  );
  return sha256(canonicalJson([name, Object.fromEntries(values)])).slice(0, HASH_DIGITS);
}
