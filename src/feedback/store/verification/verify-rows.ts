/**
 * Compares the rows of covered tables with the log, which has the hash of each before and after every change since the
 * log began to cover rows (`audit/coverage.ts`).
 */
import { PARTS, type Part, type PartName, rowHash, rowKey } from "../audit/coverage.js";
import { ROWS_CHANGED, rowsOfPart, type ToldChanges } from "../audit/row-changes.js";
import { LOG_BEGUN } from "../audit/signer.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import type { Reported } from "./problem.js";

interface Told {
  /** The last entry that changed the row. */
  seq: number;
  /** Null: the row was deleted. */
  hash: string | null;
}

/** Rows as the log tells of them. */
export class ToldRows {
  /** Number of the entry from which on the log covers rows; undefined in a log of an earlier version. */
  begun: number | undefined;
  private readonly told = new Map<PartName, Map<string, Told>>(PARTS.map(({ name }) => [name, new Map()]));
  private readonly foreign: { seq: number; part: Part; key: string }[] = [];

  /** Takes the next entry of the log; entries come in order. */
  take({ seq, action, details_json }: Pick<Tables["audit"], "seq" | "action" | "details_json">): void {
    if (action === LOG_BEGUN) this.begun ??= seq;
    if (action !== ROWS_CHANGED) return;
    const { rows } = JSON.parse(details_json) as { rows: ToldChanges };
    for (const part of PARTS) {
      const known = this.told.get(part.name) as Map<string, Told>;
      for (const [key, was, is] of rows[part.name] ?? []) {
        if ((known.get(key)?.hash ?? null) !== was) this.foreign.push({ seq, part, key });
        known.set(key, { seq, hash: is });
      }
    }
  }

  /** Whether the log tells that a row was deleted. */
  deleted(part: PartName, key: string): boolean {
    return this.told.get(part)?.get(key)?.hash === null;
  }

  /** Compares all rows with the tables. Rows of a log that began before rows were covered are not compared. */
  async check(db: Queries, reported: Reported): Promise<void> {
    if (this.begun === undefined) return;
    for (const { seq, part, key } of this.foreign) {
      const problem = `${part.kind} ${key} was changed without an entry, before this one`;
      reported.row(seq, part.kind, key, problem);
    }
    for (const part of PARTS) await this.checkPart(db, part, reported);
  }

  private async checkPart(db: Queries, part: Part, reported: Reported): Promise<void> {
    const { kind } = part;
    const told = new Map(this.told.get(part.name));
    for await (const row of rowsOfPart(db, part)) {
      const key = rowKey(part, row);
      const known = told.get(key);
      told.delete(key);
      if (known === undefined) reported.row(0, kind, key, `the log has no entry for ${kind} ${key}`);
      else if (known.hash === null)
        reported.row(known.seq, kind, key, `${kind} ${key} is there again: the log says it was deleted`);
      else if (known.hash !== rowHash(part, row))
        reported.row(known.seq, kind, key, `${kind} ${key} is not as this entry left it`);
    }
    for (const [key, { seq, hash }] of told)
      if (hash !== null) reported.row(seq, kind, key, `${kind} ${key} is missing`);
  }
}
