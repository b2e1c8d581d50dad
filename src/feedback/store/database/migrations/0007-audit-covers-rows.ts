import { sql } from "kysely";
import { oweScrub } from "../scrub.js";
import type { Migration } from "./migration.js";

/**
 * Checkpoints name the one before them. The words that people wrote into entries of the log lie in a table of their
 * own, from which they can be deleted. Votes can be deleted once their project was. Pages of a SQLite file that were
 * freed before are overwritten at the next opening.
 */
export const auditCoversRows: Migration = {
  name: "0007-audit-covers-rows",
  tables: [{ name: "audit_texts", key: ["seq", "name"] }],
  async up(db, engine) {
    const { n } = await db
      .selectFrom("audit")
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow();
    await db.schema.alterTable("audit_checkpoints").addColumn("previous_seq", "bigint").execute();
    await db.schema
      .createTable("audit_texts")
      .addColumn("seq", "bigint", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("text", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("audit_texts_key", ["seq", "name"])
      .execute();
    // For opening: which of the few entries that begin something are there.
    await db.schema
      .createIndex("audit_begun")
      .on("audit")
      .columns(["seq"])
      .where(sql<boolean>`action in ('log.begun', 'log.key')`)
      .execute();
    const deleted = sql`(select state from projects where id = old.project_id) = 'deleted'`;
    if (engine === "sqlite") {
      await sql`drop trigger votes_no_delete`.execute(db);
      await sql`create trigger votes_no_delete before delete on votes when not coalesce(${deleted}, false)
        begin select raise(abort, 'votes is append-only'); end`.execute(db);
    } else {
      await sql`create or replace function plumb_refuse_vote_change() returns trigger language plpgsql as
        $$ begin
          if tg_op = 'DELETE' and ${deleted} then return old; end if;
          raise exception 'votes is append-only';
        end $$`.execute(db);
      await sql`drop trigger votes_append_only on votes`.execute(db);
      await sql`create trigger votes_append_only before update or delete on votes
        for each row execute function plumb_refuse_vote_change()`.execute(db);
    }
    if (n > 0) await oweScrub(db);
  },
};
