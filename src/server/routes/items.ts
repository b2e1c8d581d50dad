import {
  addItems,
  findAdjudication,
  type Item,
  isDone,
  listItems,
  setPriorities,
  withdrawItem,
} from "../../feedback/store/index.js";
import { projects as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { itemOf } from "../item-of.js";

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
  endpoint(contract.getItem, async ({ params }, call) => {
    const item = await itemOf(call, params.item);
    const adjudication = await findAdjudication(call.store, item.id);
    return { ...shown(item), ...(adjudication && { adjudication }) };
  }),
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

function shown(item: Item) {
  const { project: _project, ...rest } = item;
  return { ...rest, done: isDone(item) };
}
