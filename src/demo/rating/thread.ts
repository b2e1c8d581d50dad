import { Worker } from "node:worker_threads";
import { PlumbError } from "../../base/errors.js";
import type { RatedPair, RatingOutcome, RatingPlan } from "./session.js";

export type ToThread = { rate: readonly RatedPair[] } | "finish";
export type FromThread =
  | { rated: number }
  | { outcome: RatingOutcome }
  | { failed: { message: string; hint?: string | undefined } };

/** Sources run as they are only under the test runner, which compiles them first: threads need what was compiled. */
const PROGRAM = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/demo/rating/worker.js" : "./worker.js",
  import.meta.url,
);

/** What hundreds of requests hold is short-lived; in less room than this, much of it is moved before it dies. */
const YOUNG_MEGABYTES = 96;

/** A rating session on another thread, so that votes are cast while the next pairs are sampled. */
export class RatingThread {
  private readonly worker: Worker;
  private readonly outcome: Promise<RatingOutcome>;
  /** Pairs that all their raters have judged. */
  rated = 0;

  constructor(plan: RatingPlan) {
    this.worker = new Worker(PROGRAM, {
      workerData: plan,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    this.outcome = new Promise((resolve, reject) => {
      this.worker.on("message", (message: FromThread) => {
        if ("rated" in message) this.rated += message.rated;
        else if ("outcome" in message) resolve(message.outcome);
        else reject(new PlumbError(message.failed.message, { hint: message.failed.hint }));
      });
      this.worker.on("error", reject);
      this.worker.on("exit", (status) => reject(new Error(`the raters' thread ended with status ${status}`)));
    });
    // Whoever waits for the outcome is told; before, nobody may be listening.
    this.outcome.catch(() => undefined);
  }

  /** Puts pairs before the raters; they are judged in the order in which they come. */
  rate(pairs: readonly RatedPair[]): void {
    this.send({ rate: pairs });
  }

  /** Waits until all is judged, and aggregates. @throws PlumbError what went wrong on the thread. */
  async finish(): Promise<RatingOutcome> {
    this.send("finish");
    return this.outcome;
  }

  /** Ends the thread, whatever it does. */
  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private send(message: ToThread): void {
    this.worker.postMessage(message);
  }
}
