/**
 * Compares rows that change in place with their state according to the audit log: projects, raters, memberships,
 * reviews, states of items, and leases that ended in a vote or a skip. Leases that are taken, renewed, released or
 * expired leave no entry, and the log has no counts, priorities or overlaps of items: of a new overlap (`items.overlap`) it
 * has how many items got it. What it does not say of a row here, the row's hash does (`verify-rows.ts`).
 */

import { canonicalJson } from "../../../base/canonical-json.js";
import { sha256 } from "../../../base/sha256.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import type { Reported } from "./problem.js";
import type { ToldRows } from "./verify-rows.js";

type StateKind = "project" | "rater" | "member" | "review" | "item" | "lease";
const TABLE_OF = {
  project: "projects",
  rater: "raters",
  member: "memberships",
  review: "reviews",
  item: "items",
  lease: "leases",
} as const;
/** Columns whose words can be deleted with a person's data; the log has their hashes. */
const DELETABLE = ["state_reason", "note"];

/** A row's key and state as entries tell of them, and its id where that is another key. */
type ReadState<T> = (row: T) => [key: string, row: Record<string, unknown>, id?: string];

/** The expected row, and the last entry that changed it. */
interface Told {
  seq: number;
  row: Row;
}

/** Rows as the log implies them, by kind and key. */
export class ToldStates {
  private readonly told: Record<StateKind, Map<string, Told>> = {
    project: new Map(),
    rater: new Map(),
    member: new Map(),
    review: new Map(),
    item: new Map(),
    lease: new Map(),
  };

  /** Takes the next entry of the log; entries come in order. */
  take(entry: Entry): void {
    for (const { kind, key, row } of changesBy(entry, (of, which) => this.told[of].get(which)?.row))
      this.told[kind].set(key, { seq: entry.seq, row: { ...this.told[kind].get(key)?.row, ...row } });
  }

  /**
   * Compares all expected rows with the tables.
   *
   * @param rows what the log tells of deletions, and of deleted words.
   * @param purged projects whose rows were or are being deleted.
   */
  async check(db: Queries, rows: ToldRows, purged: ReadonlySet<string>, reported: Reported): Promise<void> {
    const json = (text: string) => {
      try {
        return canonicalJson(JSON.parse(text));
      } catch {
        return text;
      }
    };
    const hash = (text: string | null) => (text === null ? null : sha256(text));
    const compare = <T>(kind: StateKind, present: AsyncIterable<T>, read: ReadState<T>) =>
      this.compare({ rows, reported }, kind, present, read);
    await compare("project", rowsOf(db, "projects", ["id"]), ({ id, name, seed, state, ...row }) => [
      id,
      { name, seed, state, task_json: json(row.task_json), settings_json: json(row.settings_json) },
    ]);
    await compare("rater", rowsOf(db, "raters", ["id"]), ({ id, state }) => [id, { state }]);
    await compare("member", rowsOf(db, "memberships", ["project_id", "rater_id"]), (row) => [
      `${row.project_id} ${row.rater_id}`,
      {
        group_name: row.group_name,
        state: row.state,
        state_reason: hash(row.state_reason),
        reliability: row.reliability,
      },
    ]);
    await compare("review", rowsOf(db, "reviews", ["id"]), ({ id, vote_id, filter, state, note }) => [
      `${vote_id} ${filter}`,
      { state, note: hash(note) },
      id,
    ]);
    await compare("item", rowsOf(db, "items", ["id"]), ({ id, state }) => [id, { state }]);
    await compare("lease", rowsOf(db, "leases", ["id"]), ({ id, state }) => [id, { state }]);
    // A review goes with its vote, in a purge before it; of votes another check says whether they may be missing.
    for (const [key, { seq }] of this.told.review) {
      const project = await projectOfVote(db, key.slice(0, key.indexOf(" ")));
      if (rows.begun === undefined || (project !== undefined && !purged.has(project)))
        reported.row(seq, "review", key, `review ${key} is missing`);
    }
  }

  private async compare<T>(
    { rows, reported }: { rows: ToldRows; reported: Reported },
    kind: StateKind,
    present: AsyncIterable<T>,
    read: ReadState<T>,
  ): Promise<void> {
    const told = this.told[kind];
    const report = (seq: number, key: string, problem: string, id = key) => {
      reported.row(seq, kind, key, problem);
      reported.add(kind, id);
    };
    for await (const one of present) {
      const [key, row, id] = read(one);
      const known = told.get(key);
      told.delete(key);
      if (known === undefined) {
        // The log has only leases that ended in a vote or a skip. Items without an entry are reported with their
        // contents.
        if (kind !== "lease" && kind !== "item")
          report(0, key, `the log has no entry for ${kind} ${key}`, id);
        else if (kind === "lease" && (row.state === "voted" || row.state === "skipped"))
          report(0, key, `lease ${key} is ${row.state}, but the log has no entry for that`);
        continue;
      }
      const other = Object.keys(known.row).filter(
        (name) => (row[name] ?? null) !== (known.row[name] ?? null),
      );
      // Whether words may be missing is for the row's hash to say.
      const deleted = other.every((name) => DELETABLE.includes(name) && row[name] === null);
      if (other.length > 0 && !(deleted && rows.begun !== undefined))
        report(known.seq, key, `${kind} ${key}: ${other.join(", ")} does not match the log`, id);
    }
    if (kind === "item" || kind === "review") return;
    for (const [key, { seq }] of told)
      if (!rows.deleted(TABLE_OF[kind], key)) report(seq, key, `${kind} ${key} is missing`);
  }
}

async function projectOfVote(db: Queries, id: string): Promise<string | undefined> {
  const row = await db.selectFrom("votes").select("project_id").where("id", "=", id).executeTakeFirst();
  return row?.project_id;
}

type Entry = Pick<Tables["audit"], "seq" | "action" | "subject" | "details_json">;
type Row = Record<string, unknown>;

interface Change {
  kind: StateKind;
  key: string;
  row: Row;
}

/** What an entry changes. @param known returns a row as the earlier entries imply it. */
function changesBy(
  { action, subject, details_json }: Entry,
  known: (kind: StateKind, key: string) => Row | undefined,
): Change[] {
  const details = JSON.parse(details_json) as Row;
  const change = (kind: StateKind, key: string, row: Row): Change[] => [{ kind, key, row }];
  const member = `${details.project} ${subject}`;
  switch (action) {
    case "project.created": {
      const { name, seed } = details;
      const [task_json, settings_json] = [details.task, details.settings].map(canonicalJson);
      return change("project", subject, { name, seed, task_json, settings_json, state: "open" });
    }
    case "project.state":
      return change("project", subject, { state: details.to });
    case "project.settings":
      return change("project", subject, { settings_json: canonicalJson(details.settings) });
    case "rater.added":
      return change("rater", subject, { state: "active" });
    case "person.deleted":
      return change("rater", subject, { state: "forgotten" });
    case "member.joined": {
      const before = known("member", member)?.state;
      const stopped = before === "paused" || before === "excluded";
      return change("member", member, {
        group_name: details.group ?? null,
        ...(!stopped && { state: "active", state_reason: null }),
      });
    }
    case "member.left":
      return change("member", member, { state: "left", state_reason: null });
    case "member.state":
      return change("member", member, { state: details.to, state_reason: textHash(details, "reason") });
    case "raters.weighed":
      return Object.entries(details.reliabilities as Record<string, number>).flatMap(
        ([rater, reliability]) =>
          known("member", `${subject} ${rater}`) === undefined
            ? []
            : change("member", `${subject} ${rater}`, { reliability }),
      );
    case "vote.held":
      return change("review", `${subject} ${details.filter}`, { state: "held", note: null });
    case "vote.released":
    case "vote.rejected":
      return change("review", `${subject} ${details.filter}`, {
        state: action.slice("vote.".length),
        note: textHash(details, "note"),
      });
    case "item.added":
      return change("item", subject, { state: "open" });
    case "item.decided":
      return change("item", subject, { state: "decided" });
    case "item.reopened":
      return change("item", subject, { state: "open" });
    case "item.withdrawn":
      return change("item", subject, { state: "withdrawn" });
    case "item.adjudicated":
    case "item.adjudication-withdrawn":
    case "item.restored":
      return change("item", subject, { state: details.state });
    case "item.skipped":
      return change("lease", String(details.lease), { state: "skipped" });
    case "vote.cast":
      return change("lease", String(details.lease_id), { state: "voted" });
    default:
      return [];
  }
}

/** The hash of words that an entry tells of; entries of earlier versions have the words themselves. */
function textHash(details: Row, name: string): string | null {
  const text = details[name];
  return (details[`${name}Sha256`] as string | undefined) ?? (typeof text === "string" ? sha256(text) : null);
}

/** Rows of a table in order of its key, read in pages. */
async function* rowsOf<T extends "projects" | "raters" | "memberships" | "reviews" | "items" | "leases">(
  db: Queries,
  table: T,
  key: string[],
): AsyncGenerator<Tables[T]> {
  const PAGE = 1000;
  for (let after: Record<string, string> | undefined; ; ) {
    let query = db.selectFrom(table as "items").selectAll();
    const last = after;
    if (last !== undefined)
      query = query.where((eb) =>
        eb(
          eb.refTuple(...(key as ["id", "id"])),
          ">",
          eb.tuple(...(key.map((name) => last[name]) as [string, string])),
        ),
      );
    for (const name of key) query = query.orderBy(name as "id");
    const rows = (await query.limit(PAGE).execute()) as unknown as (Tables[T] & Record<string, string>)[];
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1];
  }
}
