/** The thread that computes analyses. It opens the database itself, so that its work does not block the server. */
import { parentPort, workerData } from "node:worker_threads";
import { giveWay } from "../../base/give-way.js";
import { openDatabase } from "../../feedback/store/database/database.js";
import { StoreError, type StoreProblem } from "../../feedback/store/store-error.js";
import { type AnalysisJob, LocalRunner } from "./runner.js";

/** The outcome of one job. */
export type ThreadAnswer =
  | { id: number; result: unknown }
  | { id: number; refused: { problem: StoreProblem; message: string; hint?: string } }
  | { id: number; failed: string };

// The threads of its connection, which it starts, give way as well.
giveWay();
const { db } = await openDatabase(workerData as string);
const runner = new LocalRunner(db);

async function answer(id: number, job: AnalysisJob): Promise<ThreadAnswer> {
  try {
    return { id, result: await runner.run(job) };
  } catch (error) {
    if (!(error instanceof StoreError)) return { id, failed: String((error as Error).stack ?? error) };
    const { problem, message, hint } = error;
    return { id, refused: { problem, message, ...(hint && { hint }) } };
  }
}

let last = Promise.resolve();
parentPort?.on("message", ({ id, job }: { id: number; job: AnalysisJob }) => {
  last = last.then(async () => parentPort?.postMessage(await answer(id, job)));
});
