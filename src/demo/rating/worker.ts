/** The thread of a rating session: it handles the messages of `RatingThread` in order. */
import { parentPort, workerData } from "node:worker_threads";
import { PlumbError } from "../../base/errors.js";
import { type RatingPlan, RatingSession } from "./session.js";
import type { FromThread, ToThread } from "./thread.js";

const tell = (message: FromThread): void => parentPort?.postMessage(message);
const tellFailure = (error: unknown): void => {
  const { message } = error as Error;
  tell({ failed: { message, ...(error instanceof PlumbError && { hint: error.hint }) } });
};

let session = RatingSession.open(workerData as RatingPlan);
session.catch(tellFailure);
parentPort?.on("message", (message: ToThread) => {
  session = session.then(async (open) => {
    if (message === "finish") tell({ outcome: await open.finish() });
    else {
      await open.rate(message.rate);
      tell({ rated: message.rate.length });
    }
    return open;
  });
  session.catch(tellFailure);
});
