/** Words between a rater and the leads of a project, about an item or not. They decide nothing, and nothing counts them. */
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { newId, storedText } from "../ids.js";
import { leaseOfShowing, showingId } from "../items/showings.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import { findMember } from "./member-state.js";

/** Most characters of a message. */
export const MAX_MESSAGE = 4000;
/** Most messages of a rater that no lead has read yet; more have to wait. */
const MAX_UNREAD = 50;
/** Most messages of one conversation that are listed. */
const MAX_LISTED = 200;

/** A message. Times are Unix milliseconds. */
export interface Message {
  id: string;
  rater: string;
  /** Who wrote: a lead or reviewer, or the rater. */
  author: "staff" | "rater";
  /** The item it is about: the item's own id. */
  item?: string;
  text: string;
  sentAt: number;
  /** When the other side read it. */
  readAt?: number;
}

/** A message as its rater is told: the item by the id that the rater knows, if the rater was shown it. */
export type OwnMessage = Omit<Message, "item" | "rater"> & { showing?: string };

/** A rater's conversation with the leads: its last message, and how many of the rater's no lead has read. */
export interface Conversation {
  rater: string;
  last: Message;
  unread: number;
}

/**
 * Writes to a rater of a project.
 *
 * @param message `item`: an item of the project that it is about.
 * @returns its id. @throws StoreError missing: the rater is not in the project, or the item is none of it.
 */
export async function writeToRater(
  store: StoreContext,
  { project, rater, item, text }: { project: string; rater: string; item?: string | undefined; text: string },
  actor: string,
): Promise<string> {
  const words = check(storedText(MAX_MESSAGE).min(1), text);
  return store.write(async (write) => {
    const { db, now, audit } = write;
    await findMember(db, project, rater);
    if (item !== undefined) {
      const own = await db
        .selectFrom("items")
        .select("id")
        .where("id", "=", item)
        .where("project_id", "=", project)
        .executeTakeFirst();
      if (own === undefined) throw new StoreError("missing", `There is no item ${item}.`);
    }
    const row = messageRow({ project, rater, item, author: "staff", sentBy: actor, text: words }, now);
    await db.insertInto("messages").values(row).execute();
    audit(actor, "message.sent", rater, { project, message: row.id, ...(item && { item }) });
    return row.id;
  });
}

/**
 * A rater writes to the leads of a project.
 *
 * @param message `showing`: what it is about, by the id that the rater knows.
 * @returns its id. @throws StoreError missing: the rater was not shown that; conflict: too many wait to be read. The
 * caller checks that the rater is or was in the project.
 */
export async function writeToLeads(
  store: StoreContext,
  message: { project: string; rater: string; showing?: string | undefined; text: string },
): Promise<string> {
  const { project, rater, showing } = message;
  const text = check(storedText(MAX_MESSAGE).min(1), message.text);
  return store.write(async (write) => {
    const { db, now, audit } = write;
    await findProject(write, project);
    const lease = showing === undefined ? undefined : await leaseOfShowing(db, rater, showing);
    if (showing !== undefined && lease?.project_id !== project)
      throw new StoreError("missing", `The rater was not shown ${showing}.`);
    const { waiting } = await db
      .selectFrom("messages")
      .select((eb) => eb.fn.countAll<number>().as("waiting"))
      .where("project_id", "=", project)
      .where("rater_id", "=", rater)
      .where("author", "=", "rater")
      .where("read_at", "is", null)
      .executeTakeFirstOrThrow();
    if (waiting >= MAX_UNREAD)
      throw new StoreError("conflict", `${waiting} of your messages wait to be read.`, "Try again later.");
    const from = { author: "rater", sentBy: `rater:${rater}` } as const;
    const row = messageRow({ project, rater, item: lease?.item_id, ...from, text }, now);
    await db.insertInto("messages").values(row).execute();
    audit(`rater:${rater}`, "message.sent", rater, { project, message: row.id });
    return row.id;
  });
}

interface NewMessage {
  project: string;
  rater: string;
  item: string | undefined;
  author: Message["author"];
  sentBy: string;
  text: string;
}

function messageRow(
  { project, rater, item, author, sentBy, text }: NewMessage,
  now: number,
): Tables["messages"] {
  return {
    id: newId("m", now),
    project_id: project,
    rater_id: rater,
    item_id: item ?? null,
    author,
    sent_by: sentBy,
    text,
    created_at: now,
    read_at: null,
  };
}

/** Messages to or from a rater, the oldest first; of very many the latest. */
export async function messagesOf(
  { db }: { db: Queries },
  project: string,
  rater: string,
): Promise<Message[]> {
  const rows = await db
    .selectFrom("messages")
    .selectAll()
    .where("project_id", "=", project)
    .where("rater_id", "=", rater)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(MAX_LISTED)
    .execute();
  return rows.reverse().map(toMessage);
}

/** The same, as its rater is told. */
export async function ownMessages(
  store: { db: Queries },
  project: string,
  rater: string,
): Promise<OwnMessage[]> {
  const messages = await messagesOf(store, project, rater);
  const items = [...new Set(messages.flatMap(({ item }) => item ?? []))];
  const shown = new Map<string, string>();
  if (items.length > 0) {
    const leases = await store.db
      .selectFrom("leases")
      .select(["id", "item_id"])
      .where("rater_id", "=", rater)
      .where("item_id", "in", items)
      .where("repeat_shown", "=", 0)
      .orderBy("turn", "desc")
      .execute();
    for (const { id, item_id } of leases) shown.set(item_id, showingId(id));
  }
  return messages.map(({ item, rater: _rater, ...message }) => {
    const showing = item === undefined ? undefined : shown.get(item);
    return { ...message, ...(showing !== undefined && { showing }) };
  });
}

/** The conversations of a project, those with unread messages first, then by their last message. */
export async function conversations({ db }: { db: Queries }, project: string): Promise<Conversation[]> {
  const rows = await db
    .selectFrom("messages")
    .selectAll()
    .where("project_id", "=", project)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  const byRater = new Map<string, Conversation>();
  for (const row of rows) {
    const last = toMessage(row);
    const waits = last.author === "rater" && last.readAt === undefined ? 1 : 0;
    const known = byRater.get(last.rater);
    byRater.set(last.rater, { rater: last.rater, last, unread: (known?.unread ?? 0) + waits });
  }
  return [...byRater.values()].sort(
    (a, b) => Number(b.unread > 0) - Number(a.unread > 0) || b.last.sentAt - a.last.sentAt,
  );
}

/** Notes that one side read what the other wrote. @param reader whose turn it was to read. */
export async function markRead(
  store: StoreContext,
  { project, rater, reader }: { project: string; rater: string; reader: Message["author"] },
): Promise<void> {
  await store.write(({ db, now }) =>
    db
      .updateTable("messages")
      .set({ read_at: now })
      .where("project_id", "=", project)
      .where("rater_id", "=", rater)
      .where("author", "=", reader === "staff" ? "rater" : "staff")
      .where("read_at", "is", null)
      .execute(),
  );
}

function toMessage(row: Tables["messages"]): Message {
  return {
    id: row.id,
    rater: row.rater_id,
    author: row.author as Message["author"],
    text: row.text,
    sentAt: row.created_at,
    ...(row.item_id !== null && { item: row.item_id }),
    ...(row.read_at !== null && { readAt: row.read_at }),
  };
}
