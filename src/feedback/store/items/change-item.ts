/** What a lead changes of one item: whether it is gold, how many votes it gets, and that it is handed out again. */
import { type Answer, answerProblem } from "../../../votes/tasks/index.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import { findAdjudication, isDecidable } from "./adjudications.js";
import { itemHash } from "./items.js";
import { itemChanged, itemToChange } from "./lead-change.js";

/** Most votes that can be asked of an item. */
export const MAX_OVERLAP = 1000;

/**
 * Makes an item gold, with the answer that is expected; or with null gold no longer. Votes that were cast before are no
 * tests of their raters, and count in no result while the item is gold; those cast meanwhile never do.
 *
 * @param gold in the stored order of the item's responses.
 * @throws StoreError missing; invalid: the answer does not fit the task; conflict: a lead decided the item, it is a
 * training item, or its task is one of writing.
 */
export async function setGold(
  store: StoreContext,
  id: string,
  gold: Answer | null,
  actor: string,
): Promise<void> {
  return store.write(async (write) => {
    const item = await itemToChange(write, id);
    const { task } = await findProject(write, item.project_id);
    if (item.explanation !== null)
      throw new StoreError("conflict", "A training item stays gold.", "Withdraw it instead.");
    if (gold !== null) {
      if (!isDecidable(task)) throw new StoreError("conflict", `A ${task.kind} task has no known answers.`);
      const problem = answerProblem(gold, { ...task, rationale: "optional" }, item.responses);
      if (problem !== undefined) throw new StoreError("invalid", problem);
      if ((await findAdjudication(write, id)) !== undefined)
        throw new StoreError(
          "conflict",
          "A lead has decided this item.",
          "Take that verdict back first; it can be the known answer then.",
        );
    } else if (item.gold_json === null) throw new StoreError("missing", "The item is not gold.");
    const changed = { ...item, gold_json: gold === null ? null : JSON.stringify(gold) };
    await write.db.updateTable("items").set({ gold_json: changed.gold_json }).where("id", "=", id).execute();
    const details = { project: item.project_id, gold: gold !== null, sha256: itemHash(changed) };
    write.audit(actor, "item.gold", id, details);
    await itemChanged(write, item);
  });
}

/**
 * Sets how many votes an item gets.
 *
 * @param wanted `insist`: early stopping does not decide the item before it has them.
 * @throws StoreError missing; conflict: the item is gold, withdrawn, or a lead has decided it.
 */
export async function setItemOverlap(
  store: StoreContext,
  id: string,
  { overlap, insist }: { overlap: number; insist: boolean },
  actor: string,
): Promise<void> {
  if (!Number.isInteger(overlap) || overlap < 1 || overlap > MAX_OVERLAP)
    throw new StoreError("invalid", `An item gets from 1 to ${MAX_OVERLAP} votes, not ${overlap}.`);
  return store.write(async (write) => {
    const item = await itemToChange(write, id);
    if (item.gold_json !== null || item.state === "withdrawn")
      throw new StoreError("conflict", "A gold or withdrawn item is asked no votes of its own.");
    if ((await findAdjudication(write, id)) !== undefined)
      throw new StoreError("conflict", "A lead has decided this item.", "Take that verdict back first.");
    const asked = insist ? overlap : null;
    await write.db.updateTable("items").set({ overlap, asked }).where("id", "=", id).execute();
    write.audit(actor, "item.overlap", id, { project: item.project_id, overlap, asked });
    await itemChanged(write, item);
  });
}

/** Hands a withdrawn item out again. @throws StoreError missing; conflict: it is not withdrawn. */
export async function restoreItem(store: StoreContext, id: string, actor: string): Promise<void> {
  return store.write(async (write) => {
    const item = await itemToChange(write, id);
    if (item.state !== "withdrawn") throw new StoreError("conflict", "The item is not withdrawn.");
    const state = (await findAdjudication(write, id)) === undefined ? "open" : "decided";
    await write.db.updateTable("items").set({ state }).where("id", "=", id).execute();
    write.audit(actor, "item.restored", id, { project: item.project_id, state });
    await itemChanged(write, item);
  });
}
