/**
 * What verification says of logs that were tampered with by someone who knows how they are hashed: every problem, and
 * no other.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type AuditEntry, auditHash, FIRST_PREVIOUS } from "../audit/audit-entry.js";
import { openAuditKey } from "../audit/audit-key.js";
import { type Checkpoint, signCheckpoint } from "../audit/checkpoints.js";
import { openStore, type Store, verifyAudit } from "../index.js";

let dir = "";
let store: Store;
let begun: AuditEntry;
let first: Checkpoint;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "plumb-chain-"));
  store = await openStore(join(dir, "s.db"));
  for (const event of ["update", "delete"])
    for (const table of ["audit", "audit_checkpoints"])
      await sql`drop trigger if exists ${sql.id(`${table}_no_${event}`)}`.execute(store.db);
  begun = await store.db.selectFrom("audit").selectAll().executeTakeFirstOrThrow();
  first = await store.db.selectFrom("audit_checkpoints").selectAll().executeTakeFirstOrThrow();
  // The rest is of a log as versions before made it, without the entry that begins to cover rows.
  await sql`delete from audit`.execute(store.db);
  await sql`delete from audit_checkpoints`.execute(store.db);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function write(count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await store.write(async ({ audit }) => audit("system", "test.note", `x${i + 1}`));
}
const entries = (): Promise<AuditEntry[]> =>
  store.db.selectFrom("audit").selectAll().orderBy("seq").execute();
const put = (entry: AuditEntry) =>
  store.db.updateTable("audit").set(entry).where("seq", "=", entry.seq).execute();
const remove = (seq: number) => store.db.deleteFrom("audit").where("seq", "=", seq).execute();
/** The entry with changes and the hash that fits them. */
const hashed = (entry: AuditEntry, changes: Partial<AuditEntry>): AuditEntry => {
  const forged = { ...entry, ...changes };
  return { ...forged, hash: auditHash(forged) };
};
const verify = (kept?: readonly Checkpoint[]) => verifyAudit(store.db, store.key.publicKey, kept);
/** Signs an entry in the database, as versions before did. */
const sign = async (entry: AuditEntry) => {
  await store.db
    .insertInto("audit_checkpoints")
    .values(signCheckpoint(store.key, entry, 0))
    .execute();
};
const at = (seq: number, kind: string, problem: string) => ({ seq, kind, problem });

it("an empty log is whole", async () => {
  expect(await verify()).toEqual({
    entries: 0,
    votes: 0,
    checkpoints: 0,
    otherCheckpoints: 0,
    problems: [],
    problemCount: 0,
    head: { seq: 0, hash: FIRST_PREVIOUS },
    signed: 0,
    notes: [],
  });
});

it("a log begins with an entry that introduces the key, and is signed", async () => {
  expect(begun).toMatchObject({
    seq: 1,
    previous: FIRST_PREVIOUS,
    action: "log.begun",
    subject: store.key.id,
  });
  expect(JSON.parse(begun.details_json)).toEqual({ publicKey: store.key.publicKey });
  expect(first).toMatchObject({ seq: 1, hash: begun.hash, previous_seq: 0 });
  await store.db.insertInto("audit").values(begun).execute();
  await store.db.insertInto("audit_checkpoints").values(first).execute();
  const whole = { votes: 0, otherCheckpoints: 0, problems: [], problemCount: 0 };
  expect(await verify()).toEqual({
    ...whole,
    entries: 1,
    checkpoints: 1,
    head: { seq: 1, hash: begun.hash },
    signed: 1,
    notes: [],
  });
  await write(4);
  const unsigned = await verify();
  expect(unsigned).toMatchObject({
    ...whole,
    signed: 1,
    notes: [expect.stringMatching(/^Entries 2 to 5 are/)],
  });
  await store.checkpoint();
  expect(await verify()).toMatchObject({ ...whole, entries: 5, checkpoints: 2, signed: 5, notes: [] });
});

it("a log is whole up to its head, which is its last entry", async () => {
  await write(4);
  const [, , , last] = await entries();
  const whole = { entries: 4, votes: 0, otherCheckpoints: 0, problems: [], problemCount: 0 };
  const earlier = expect.stringMatching(/earlier version/);
  expect(await verify()).toMatchObject({
    ...whole,
    checkpoints: 0,
    signed: 0,
    notes: [earlier, expect.stringMatching(/^Entries 1 to 4 are not signed yet/)],
  });
  await sign(last);
  expect(await verify()).toEqual({
    ...whole,
    checkpoints: 1,
    head: { seq: 4, hash: last.hash },
    signed: 4,
    notes: [earlier],
  });
});

it("an entry that names another one before it is found, with hashes that are right", async () => {
  await write(5);
  const kept = [signCheckpoint(store.key, (await entries())[1], 0)];
  const [, second, third, fourth] = await entries();
  await put(hashed(third, { previous: second.previous }));
  expect((await verify(kept)).problems).toEqual([
    at(3, "entry", "does not follow the previous entry"),
    at(4, "entry", "does not follow the previous entry"),
  ]);
  await put(third);
  await put({ ...fourth, subject: "other" });
  expect((await verify(kept)).problems).toEqual([at(4, "entry", "was altered: its hash is wrong")]);
});

it("entries that are missing are counted where they were", async () => {
  await write(7);
  const kept = [signCheckpoint(store.key, (await entries())[0], 0)];
  for (const seq of [3, 4, 5]) await remove(seq);
  expect((await verify(kept)).problems).toEqual([
    at(3, "entry", "entries 3 to 5 are missing"),
    at(6, "entry", "does not follow the previous entry"),
  ]);
  await remove(1);
  const { problems, entries: count } = await verify(kept);
  expect(problems.slice(0, 2)).toEqual([
    at(1, "entry", "entries 1 to 1 are missing"),
    at(2, "entry", "does not follow the previous entry"),
  ]);
  expect(count).toBe(7);
});

it("a log that was written anew is found by a checkpoint that names what it was", async () => {
  await write(4);
  const old = await entries();
  const kept = [signCheckpoint(store.key, old[1], 0), signCheckpoint(store.key, old[3], 0)];
  expect((await verify(kept)).problems).toEqual([]);
  let previous = FIRST_PREVIOUS;
  for (const entry of old) {
    const forged = hashed(entry, { previous, actor: "admin:forger" });
    previous = forged.hash;
    await put(forged);
  }
  const anew = "names another entry of this number: the log was rewritten";
  expect((await verify(kept)).problems).toEqual([at(2, "checkpoint", anew), at(4, "checkpoint", anew)]);
  // Signed again by who has the key: the two cannot both be right.
  const [, second] = await entries();
  const both = await verify([...kept, signCheckpoint(store.key, second, 1)]);
  expect(both.problems[0]).toEqual(at(2, "checkpoint", "two checkpoints differ: the log was rewritten"));
  // The same one in the database and in the file is one.
  expect((await verify([kept[0], kept[0], kept[1]])).checkpoints).toBe(2);
});

it("a log that was cut off is found by a checkpoint beyond its end", async () => {
  await write(4);
  const kept = [signCheckpoint(store.key, (await entries())[3], 0)];
  await remove(4);
  expect((await verify(kept)).problems).toEqual([
    at(4, "checkpoint", "the log ends at 3: entries were cut off"),
  ]);
  await remove(3);
  await remove(2);
  await remove(1);
  expect((await verify(kept)).problems).toEqual([
    at(4, "checkpoint", "the log ends at 0: entries were cut off"),
  ]);
});

it("checkpoints with a wrong signature, or another's, are worth nothing", async () => {
  await write(2);
  const [, head] = await entries();
  const right = signCheckpoint(store.key, head, 5);
  for (const wrong of [
    { ...right, at: 6 },
    { ...right, seq: 1 },
    { ...right, hash: FIRST_PREVIOUS },
  ])
    expect((await verify([wrong])).problems).toEqual([
      at(wrong.seq, "checkpoint", "its signature is wrong"),
      at(2, "checkpoint", "no checkpoint is signed by this key"),
    ]);
  expect((await verify([{ ...right, previous_seq: 0 }])).problems[0]).toEqual(
    at(2, "checkpoint", "its signature is wrong"),
  );
  const other = openAuditKey(join(dir, "other"));
  await sign(head);
  const { problems, checkpoints, otherCheckpoints } = await verifyAudit(store.db, other.publicKey);
  expect(problems).toEqual([at(2, "checkpoint", "no checkpoint is signed by this key")]);
  expect({ checkpoints, otherCheckpoints }).toEqual({ checkpoints: 0, otherCheckpoints: 1 });
  const kept = [signCheckpoint(other, head, 0)];
  expect((await verifyAudit(store.db, other.publicKey, kept)).problems).toEqual([]);
  expect((await verify()).otherCheckpoints).toBe(0);
  // One that is linked is of this version, and this version introduces its key in the log.
  await sql`delete from audit_checkpoints`.execute(store.db);
  await store.checkpoint();
  expect((await verify()).problems).toEqual([
    at(2, "checkpoint", `is signed by ${store.key.id}, a key that the log did not introduce before`),
  ]);
});

it("a hundred problems are listed, and all are counted, beyond a page too", async () => {
  await store.db.insertInto("audit").values(begun).execute();
  await store.db.insertInto("audit_checkpoints").values(first).execute();
  await Promise.all(
    Array.from({ length: 1101 }, (_, i) =>
      store.write(async ({ audit }) => audit("system", "test.note", `x${i}`)),
    ),
  );
  await store.checkpoint();
  expect(await verify()).toMatchObject({ entries: 1102, problems: [] });
  await sql`update audit set actor = 'admin:other' where seq > 951 and seq < 1103`.execute(store.db);
  const { problems, problemCount } = await verify();
  expect(problems).toHaveLength(100);
  expect(problemCount).toBe(151);
  expect(problems[99]).toEqual(at(1051, "entry", "was altered: its hash is wrong"));
});
