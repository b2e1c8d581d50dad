import { Worker } from "node:worker_threads";
import { PlumbError } from "../../base/errors.js";
import type { RatedPair, RatingOutcome, RatingPlan } from "./session.js";

export type ToThread = { rate: readonly RatedPair[] } | "finish";
export type FromThread =
  | { rated: number }
  | { outcome: RatingOutcome }
  | { failed: { message: string; hint?: string | undefined } };

/** Program of the thread. TypeScript sources run directly only in the test runner; the thread then needs the build. */
const PROGRAM = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/demo/rating/worker.js" : "./worker.js",
  import.meta.url,
);

/** Size of V8's young generation: in a smaller one, short-lived data of hundreds of requests would be promoted. */
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
    // `finish` passes a failure on; until it is called, nobody handles the rejection.
    this.outcome.catch(() => undefined);
  }

  /** Gives pairs to the raters, who judge them in order of arrival. */
  rate(pairs: readonly RatedPair[]): void {
    this.send({ rate: pairs });
  }

  /** Waits until all pairs are judged, and aggregates. @throws PlumbError with what went wrong on the thread. */
  async finish(): Promise<RatingOutcome> {
    this.send("finish");
    return this.outcome;
  }

  /** Ends the thread, whatever it is doing. */
  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private send(message: ToThread): void {
    this.worker.postMessage(message);
  }
}
