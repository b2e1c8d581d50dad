/** The thread that reads one uploaded file, so that the requests of raters are answered meanwhile. */
import { parentPort, workerData } from "node:worker_threads";
import { giveWay } from "../base/give-way.js";
import { type CheckedItems, checkItems } from "../feedback/exchange/index.js";

/** Items sent at once: the server takes over each message in one go. */
const TOGETHER = 200;

export type ImportMessage = { some: CheckedItems["items"] } | { rest: Omit<CheckedItems, "items"> };

giveWay();
const { items, ...rest } = await checkItems(...(workerData as Parameters<typeof checkItems>));
const send = (message: ImportMessage) => parentPort?.postMessage(message);
for (let start = 0; start < items.length; start += TOGETHER)
  send({ some: items.slice(start, start + TOGETHER) });
send({ rest });
