import { sql } from "kysely";
import { z } from "zod";
import { canonicalJson } from "../../../base/canonical-json.js";
import { sha256 } from "../../../base/sha256.js";
import {
  Answer,
  answerProblem,
  ItemContent,
  RESPONSES,
  type TaskDefinition,
} from "../../../votes/tasks/index.js";
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import { insertRows } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { newId, storedName, storedText } from "../ids.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import { releaseOfItem } from "./held-leases.js";

/** Most items added in one call. */
export const MAX_ITEMS_AT_ONCE = 10_000;
/** Most characters of an explanation. */
const MAX_EXPLANATION = 10_000;
/** Items that one statement looks through for those that match: some 10 ms of work. */
const LOOKED_THROUGH = 1000;
/** Most characters of one item's content as JSON, so that its line in a backup stays within the reader's limit. */
const MAX_ITEM = 4_000_000;

export const ITEM_STATES = ["open", "decided", "withdrawn"] as const;
/** Whether an item still gets votes: open; decided, by its overlap or by early stopping; withdrawn. */
export type ItemState = (typeof ITEM_STATES)[number];

export const NewItem = z.object({
  content: ItemContent,
  gold: Answer.optional().describe("The expected answer of a gold item, in the order of its responses"),
  explanation: storedText(MAX_EXPLANATION)
    .min(1)
    .optional()
    .describe("Why gold is right, in Markdown: the item is then shown to every rater first, as training"),
  audience: storedName.optional().describe("Group of raters that the item is for; default: all raters"),
  priority: z.number().default(0).describe("Items of higher priority are handed out first"),
  overlap: z.int().min(1).max(1000).optional().describe("Judgements wanted; default: the project's overlap"),
});
export type NewItem = z.input<typeof NewItem>;

/** Something to judge, as the staff sees it. Positions count in the order in which items were added. */
export interface Item {
  id: string;
  project: string;
  position: number;
  content: ItemContent;
  gold?: Answer;
  /** Why `gold` is right; its presence makes the item a training item. */
  explanation?: string;
  audience?: string;
  priority: number;
  state: ItemState;
  overlap: number;
  /** Judgements that count towards the overlap, without corrections and repeats. */
  votes: number;
  /** Raters who hold the item now. */
  leases: number;
  /** Votes that a lead asked for, before which early stopping does not decide the item. */
  asked?: number;
}

/** Items added in one write, which holds up others' writes for some milliseconds. */
const PIECE = 25;

/**
 * Adds items, none if one is invalid. Many are added in pieces, between which raters' requests are answered; what a piece
 * holds is offered at once.
 *
 * @returns their ids in the order given.
 * @throws StoreError missing: no such project; invalid: names the first item that does not fit the project's task, by
 * its position from 1; unavailable: the database could not be used, and the message says how many were added by then.
 */
export async function addItems(
  store: StoreContext,
  projectId: string,
  items: readonly NewItem[],
  actor: string,
): Promise<string[]> {
  if (items.length > MAX_ITEMS_AT_ONCE)
    throw new StoreError(
      "invalid",
      `${items.length} items in one call; at most ${MAX_ITEMS_AT_ONCE} are allowed.`,
    );
  const { task } = await findProject(store, projectId);
  const parsed: z.output<typeof NewItem>[] = [];
  for (const [i, item] of items.entries()) {
    parsed.push(checkedItem(item, i, task));
    if (i % PIECE === PIECE - 1) await new Promise(setImmediate);
  }
  const ids: string[] = [];
  for (let start = 0; start < parsed.length || start === 0; start += PIECE) {
    try {
      ids.push(...(await addPiece(store, projectId, parsed.slice(start, start + PIECE), actor)));
    } catch (error) {
      if (start === 0 || !(error instanceof StoreError)) throw error;
      throw new StoreError(
        error.problem,
        `The first ${start} of ${items.length} items were added, and then not the rest: ${error.message}`,
        `Add the items from ${start + 1} on again, once that is mended.`,
      );
    }
  }
  return ids;
}

/** @throws StoreError invalid: naming the item by its position. */
function checkedItem(item: NewItem, i: number, task: TaskDefinition): z.output<typeof NewItem> {
  const parsed = check(NewItem, item);
  const { content, gold, explanation } = parsed;
  const problem =
    itemProblem(content, gold, task) ??
    (explanation !== undefined && gold === undefined ? "explanation: requires gold as well" : undefined);
  if (problem !== undefined) throw new StoreError("invalid", `item ${i + 1}: ${problem}`);
  if (JSON.stringify(content).length > MAX_ITEM)
    throw new StoreError("invalid", `item ${i + 1}: is longer than ${MAX_ITEM} characters`);
  return parsed;
}

function addPiece(
  store: StoreContext,
  projectId: string,
  items: readonly z.output<typeof NewItem>[],
  actor: string,
): Promise<string[]> {
  return store.write(async (write) => {
    const { db, now, audit } = write;
    const { settings } = await findProject(write, projectId);
    const last = await lastPosition(db, projectId);
    const rows = items.map((item, i): Tables["items"] => ({
      id: newId("i", now),
      project_id: projectId,
      position: last + 1 + i,
      content_json: JSON.stringify(item.content),
      responses: item.content.responses.length,
      language: item.content.language?.toLowerCase() ?? null,
      audience: item.audience ?? null,
      gold_json: item.gold === undefined ? null : JSON.stringify(item.gold),
      explanation: item.explanation ?? null,
      priority: item.priority,
      state: "open",
      overlap: item.overlap ?? settings.overlap,
      votes: 0,
      leases: 0,
      available: item.gold === undefined ? 1 : 0,
      created_at: now,
      asked: null,
      changed_at: null,
    }));
    await insertRows(db, "items", rows);
    for (const { id, position, ...row } of rows)
      audit(actor, "item.added", id, { project: projectId, position, sha256: itemHash(row) });
    return rows.map(({ id }) => id);
  });
}

/** The hash of an item's content that the audit log records. */
export function itemHash({
  content_json,
  gold_json,
  explanation,
}: Pick<Tables["items"], "content_json" | "gold_json" | "explanation">): string {
  return sha256(canonicalJson([content_json, gold_json, ...(explanation === null ? [] : [explanation])]));
}

/** Why an item does not fit a project's task; undefined if it does. */
export function itemProblem(
  content: ItemContent,
  gold: Answer | undefined,
  task: TaskDefinition,
): string | undefined {
  const [least, most] = RESPONSES[task.kind];
  const { length } = content.responses;
  if (length < least || length > most)
    return `has ${length} responses; a ${task.kind} task needs ${least === most ? least : `${least} to ${most}`}`;
  const names = content.responses.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) return `two responses are named ${JSON.stringify(twice)}`;
  const problem = gold && answerProblem(gold, { ...task, rationale: "optional" }, length);
  return problem && `gold: ${problem}`;
}

/** Position of a project's last item; 0 without items. */
async function lastPosition(db: Queries, projectId: string): Promise<number> {
  const { last } = await db
    .selectFrom("items")
    .select((eb) => eb.fn.max("position").as("last"))
    .where("project_id", "=", projectId)
    .executeTakeFirstOrThrow();
  return last ?? 0;
}

/** @throws StoreError missing */
export async function findItem({ db }: StoreContext, id: string): Promise<Item> {
  const row = await db.selectFrom("items").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new StoreError("missing", `There is no item ${id}.`);
  return toItem(row);
}

/** Selects which items are listed. */
export interface ItemQuery {
  /** Only items after this position. */
  after?: number;
  limit?: number;
  state?: ItemState;
  /** true: only gold items; false: no gold items. */
  gold?: boolean;
  /** true: only items that are done (`isDone`); false: only the others. */
  done?: boolean;
  /** Text that the prompt or a response contains, ignoring case; or an item's id. */
  search?: string;
}

/**
 * Items of a project in order of position. Where it has to look through many, it reads a part at a time, so that others
 * read between.
 *
 * @param signal ends the search once nobody waits for it: what is found by then is returned.
 */
export async function listItems(
  { db }: StoreContext,
  projectId: string,
  { after = 0, limit = 100, state, gold, done, search }: ItemQuery = {},
  signal?: AbortSignal,
): Promise<Item[]> {
  const matching = search === undefined ? undefined : contentPattern(search);
  const some = [state, gold, done, search].some((one) => one !== undefined);
  const last = some ? await lastPosition(db, projectId) : 0;
  const found: Item[] = [];
  let position = after;
  while (found.length < limit && !signal?.aborted) {
    const end = position + LOOKED_THROUGH;
    const rows = await db
      .selectFrom("items")
      .selectAll()
      .where("project_id", "=", projectId)
      .where("position", ">", position)
      .$if(some, (query) => query.where("position", "<=", end))
      .$if(state !== undefined, (query) => query.where("state", "=", state as string))
      .$if(gold !== undefined, (query) => query.where("gold_json", gold ? "is not" : "is", null))
      .$if(done !== undefined, (query) => query.where(done ? DONE : sql<boolean>`not ${DONE}`))
      .$if(matching !== undefined, (query) =>
        query.where(({ or, eb }) =>
          or([
            eb("id", "=", search as string),
            sql<boolean>`lower(content_json) like ${matching} escape '\\'`,
          ]),
        ),
      )
      .orderBy("position")
      .limit(limit)
      .execute();
    // The JSON may have matched by a field name or by text that raters never see.
    found.push(...rows.map(toItem).filter((item) => search === undefined || holdsText(item, search)));
    if (rows.length === limit) position = rows[rows.length - 1].position;
    else if (some && end < last) position = end;
    else break;
  }
  return found.slice(0, limit);
}

/** As `isDone`. */
const DONE = sql<boolean>`(gold_json is null and (state = 'decided' or (state = 'open' and votes >= overlap)))`;

/** Whether nothing more is asked about an item: it is decided, or has all the votes wanted. Gold items are never done. */
export const isDone = ({ state, gold, votes, overlap }: Item): boolean =>
  gold === undefined && (state === "decided" || (state === "open" && votes >= overlap));

/** A pattern for SQL's LIKE: the text as JSON spells it, in lower case. */
function contentPattern(search: string): string {
  const inJson = JSON.stringify(search.toLowerCase()).slice(1, -1);
  return `%${inJson.replace(/[\\%_]/g, "\\$&")}%`;
}

function holdsText({ id, content: { prompt, responses } }: Item, search: string): boolean {
  const turns = typeof prompt === "string" ? [prompt] : prompt.map(({ content }) => content);
  const texts = [...turns, ...responses.map(({ text }) => text)];
  return id === search || texts.some((text) => text.toLowerCase().includes(search.toLowerCase()));
}

export function toItem(row: Tables["items"]): Item {
  const { id, position, priority, overlap, votes, leases } = row;
  return {
    id,
    position,
    priority,
    overlap,
    votes,
    leases,
    project: row.project_id,
    state: row.state as ItemState,
    content: JSON.parse(row.content_json) as ItemContent,
    ...(row.gold_json !== null && { gold: JSON.parse(row.gold_json) as Answer }),
    ...(row.explanation !== null && { explanation: row.explanation }),
    ...(row.audience !== null && { audience: row.audience }),
    ...(row.asked !== null && { asked: row.asked }),
  };
}

/** Withdraws an item, so that it is no longer handed out, and takes it back from who holds it; its votes stay. */
export async function withdrawItem(
  store: StoreContext,
  id: string,
  reason: string,
  actor: string,
): Promise<void> {
  const why = check(storedText(2000), reason);
  return store.write(async (write) => {
    const { db, audit } = write;
    const updated = await db
      .updateTable("items")
      .set({ state: "withdrawn", available: 0, changed_at: write.now })
      .where("id", "=", id)
      .executeTakeFirst();
    if (updated.numUpdatedRows === 0n) throw new StoreError("missing", `There is no item ${id}.`);
    await releaseOfItem(write, id);
    const { project_id } = await db
      .selectFrom("items")
      .select("project_id")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    audit(actor, "item.withdrawn", id, { project: project_id }, { reason: why });
  });
}
