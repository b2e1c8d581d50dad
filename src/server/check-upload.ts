import { Worker } from "node:worker_threads";
import type { CheckedItems, checkItems } from "../feedback/exchange/index.js";
import type { ImportMessage } from "./import-thread.js";

/** TypeScript sources run directly only under the test runner, after a build; threads need the compiled file. */
const PROGRAM = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/server/import-thread.js" : "./import-thread.js",
  import.meta.url,
);
/** Memory of the thread's JavaScript, in MiB: some times what the largest upload takes. */
const HEAP_MIB = 2048;

/** `checkItems` in a thread of its own. */
export function checkUpload(...question: Parameters<typeof checkItems>): Promise<CheckedItems> {
  const worker = new Worker(PROGRAM, {
    workerData: question,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  const items: CheckedItems["items"] = [];
  return new Promise((resolve, reject) => {
    worker.on("message", (message: ImportMessage) => {
      if ("some" in message) for (const item of message.some) items.push(item);
      else resolve({ ...message.rest, items });
    });
    worker.on("error", reject);
    worker.on("exit", () => reject(new Error("the thread that reads a file has ended")));
  });
}
