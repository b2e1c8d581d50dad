/** A lead's verdict on an item. It is the item's result, whatever the votes say, and no more votes are asked for. */

import { canonicalJson } from "../../../base/canonical-json.js";
import { sha256 } from "../../../base/sha256.js";
import { type Answer, answerProblem, asksForText, type TaskDefinition } from "../../../votes/tasks/index.js";
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import { storedText } from "../ids.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import { itemChanged, itemToChange } from "./lead-change.js";

/** A lead's verdict as the staff sees it. Times are Unix milliseconds. */
export interface Adjudication {
  /** In the stored order of the item's responses. */
  answer: Answer;
  /** Why, in the lead's words. */
  note?: string;
  decidedBy: string;
  decidedAt: number;
}

/** Kinds of tasks whose answers can be decided between: of texts that raters write, none is the item's result. */
export const isDecidable = (task: TaskDefinition): boolean => !asksForText(task);

/**
 * Decides an item; a later verdict replaces an earlier one. Votes that were cast stay as they are.
 *
 * @param verdict its answer, in the stored order of responses.
 * @throws StoreError missing; invalid: the answer does not fit the task; conflict: the item is gold, or nobody has judged
 * it yet, or the task is one of writing.
 */
export async function adjudicateItem(
  store: StoreContext,
  id: string,
  { answer, note }: { answer: Answer; note?: string | undefined },
  actor: string,
): Promise<void> {
  const words = note === undefined ? null : check(storedText(2000), note);
  return store.write(async (write) => {
    const { db, now, audit } = write;
    const item = await itemToChange(write, id);
    const { task } = await findProject(write, item.project_id);
    checkDecides(answer, task, item.responses);
    if (item.gold_json !== null)
      throw new StoreError("conflict", "The item is gold: its answer is known already.");
    const judged = await db.selectFrom("votes").select("id").where("item_id", "=", id).executeTakeFirst();
    if (judged === undefined)
      throw new StoreError(
        "conflict",
        "Nobody has judged this item yet: there is nothing to decide between.",
        "Judge it as a rater, or make it gold.",
      );
    const values = {
      item_id: id,
      project_id: item.project_id,
      answer_json: canonicalJson(answer),
      note: words,
      decided_by: actor,
      decided_at: now,
    };
    await db
      .insertInto("adjudications")
      .values(values)
      .onConflict((conflict) => conflict.column("item_id").doUpdateSet(values))
      .execute();
    const state = item.state === "withdrawn" ? "withdrawn" : "decided";
    await db.updateTable("items").set({ state }).where("id", "=", id).execute();
    const details = { project: item.project_id, state, answerSha256: sha256(values.answer_json) };
    audit(actor, "item.adjudicated", id, details, { note });
    await itemChanged(write, item);
  });
}

/** Takes a lead's verdict back: the votes decide again. @throws StoreError missing: there is none. */
export async function withdrawAdjudication(store: StoreContext, id: string, actor: string): Promise<void> {
  return store.write(async (write) => {
    const { db, audit } = write;
    const item = await itemToChange(write, id);
    const gone = await db.deleteFrom("adjudications").where("item_id", "=", id).executeTakeFirst();
    if (gone.numDeletedRows === 0n) throw new StoreError("missing", "No lead has decided this item.");
    const state = item.state === "withdrawn" ? "withdrawn" : "open";
    await db.updateTable("items").set({ state }).where("id", "=", id).execute();
    audit(actor, "item.adjudication-withdrawn", id, { project: item.project_id, state });
    await itemChanged(write, item);
  });
}

/** @throws StoreError invalid, conflict */
function checkDecides(answer: Answer, task: TaskDefinition, responses: number): void {
  if (!isDecidable(task))
    throw new StoreError("conflict", `Of a ${task.kind} task every answer counts for itself.`);
  const problem = answerProblem(answer, { ...task, rationale: "optional" }, responses);
  if (problem !== undefined) throw new StoreError("invalid", problem);
}

export async function findAdjudication(
  { db }: { db: Queries },
  item: string,
): Promise<Adjudication | undefined> {
  const row = await db.selectFrom("adjudications").selectAll().where("item_id", "=", item).executeTakeFirst();
  return (
    row && {
      answer: JSON.parse(row.answer_json) as Answer,
      ...(row.note !== null && { note: row.note }),
      decidedBy: row.decided_by,
      decidedAt: row.decided_at,
    }
  );
}

/** The answers that leads gave, by item. */
export async function adjudicationsOf(
  { db }: { db: Queries },
  project: string,
): Promise<Map<string, Answer>> {
  const rows = await db
    .selectFrom("adjudications")
    .select(["item_id", "answer_json"])
    .where("project_id", "=", project)
    .execute();
  return new Map(rows.map(({ item_id, answer_json }) => [item_id, JSON.parse(answer_json) as Answer]));
}
