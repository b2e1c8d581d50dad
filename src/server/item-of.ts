import { findItem, type Item, StoreError } from "../feedback/store/index.js";
import type { Call } from "./endpoint.js";

/** An item of the request's project. @throws StoreError missing: the project has no such item. */
export async function itemOf({ store, project }: Pick<Call, "store" | "project">, id: string): Promise<Item> {
  const item = await findItem(store, id);
  if (item.project !== project.id) throw new StoreError("missing", `There is no item ${id}.`);
  return item;
}
