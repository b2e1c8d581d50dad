import {
  addItems,
  findItem,
  type Item,
  isDone,
  listItems,
  StoreError,
  setPriorities,
  withdrawItem,
} from "../../feedback/store/index.js";
import { projects as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";

export const itemRoutes = [
  endpoint(contract.importItems, async ({ body: { items } }, { store, project, principal }) => ({
    ids: await addItems(store, project.id, items, principal.actor),
  })),
  endpoint(contract.listItems, async ({ query }, { store, project, http }) => {
    const items = await listItems(store, project.id, query, http.req.raw.signal);
    return {
      items: items.map(shown),
      ...(items.length === query.limit && { next: items[items.length - 1].position }),
    };
  }),
  endpoint(contract.getItem, async ({ params }, call) => shown(await itemOf(call, params.item))),
  endpoint(contract.withdrawItem, async ({ params, body }, call) => {
    const { id } = await itemOf(call, params.item);
    await withdrawItem(call.store, id, body.reason, call.principal.actor);
    return undefined;
  }),
  endpoint(contract.setPriorities, async ({ body }, { store, project, principal }) => {
    const priorities = new Map(body.priorities.map(({ item, priority }) => [item, priority]));
    await setPriorities(store, project.id, priorities, principal.actor);
    return undefined;
  }),
];

/** @throws StoreError missing: the project has no such item. */
async function itemOf({ store, project }: Call, id: string): Promise<Item> {
  const item = await findItem(store, id);
  if (item.project !== project.id) throw new StoreError("missing", `There is no item ${id}.`);
  return item;
}

function shown(item: Item) {
  const { project: _project, ...rest } = item;
  return { ...rest, done: isDone(item) };
}
