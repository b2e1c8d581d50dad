import type { RowKind } from "../audit/coverage.js";

/** What verification found wrong with the audit log, a vote or a row that the log covers. */
export interface AuditProblem {
  /** Number of the entry, or of the vote's entry; 0 if there is none. */
  seq: number;
  kind: "entry" | "checkpoint" | "vote" | "trigger" | "schema" | RowKind;
  problem: string;
}

/** Reports a problem. */
export type NoteProblem = (seq: number, kind: AuditProblem["kind"], problem: string) => void;

/** Rows that a problem was reported of, so that no other check reports the same row again. */
export class Reported {
  private readonly rows = new Set<string>();

  constructor(private readonly note: NoteProblem) {}

  /** Reports a problem of the row with this key, unless there was one. */
  row(seq: number, kind: RowKind, key: string, problem: string): void {
    if (this.has(kind, key)) return;
    this.add(kind, key);
    this.note(seq, kind, problem);
  }

  has(kind: RowKind, key: string): boolean {
    return this.rows.has(`${kind} ${key}`);
  }

  add(kind: RowKind, key: string): void {
    this.rows.add(`${kind} ${key}`);
  }
}
