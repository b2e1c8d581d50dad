import { Worker } from "node:worker_threads";
import { StoreError } from "../../feedback/store/index.js";
import { RequestError } from "../http/request-error.js";
import type { AnalysisJob, AnalysisRunner } from "./runner.js";
import type { ThreadAnswer } from "./thread.js";

/** A thread that takes longer than this for one job is ended. */
const JOB_MILLISECONDS = 180_000;
/** A thread without work for this long is ended, which frees the project's data in its memory. */
const IDLE_MILLISECONDS = 60_000;
/** Most jobs that wait or run. */
const MAX_JOBS = 64;
/** Memory of the thread's JavaScript, in MiB. */
const HEAP_MIB = 4096;

interface Waiting {
  job: AnalysisJob;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Computes in its own thread, one job after another; the thread is started when there is work. */
export class ThreadRunner implements AnalysisRunner {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private jobs = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param database SQLite file or postgres:// URL. */
  constructor(private readonly database: string) {}

  async run(job: AnalysisJob): Promise<unknown> {
    if (this.waiting.size >= MAX_JOBS)
      throw new RequestError(503, "Too many analyses are being made.", { hint: "Try again later." });
    return new Promise((resolve, reject) => {
      const id = ++this.jobs;
      this.waiting.set(id, { job, resolve, reject });
      this.worker ??= this.start();
      this.worker.postMessage({ id, job });
      if (this.waiting.size === 1) this.watch();
    });
  }

  async close(): Promise<void> {
    await this.end(new RequestError(503, "The server is stopping."));
  }

  private start(): Worker {
    const worker = new Worker(new URL("./thread.js", import.meta.url), {
      workerData: this.database,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    worker.on("message", (answer: ThreadAnswer) => this.answered(answer));
    worker.on("error", (error) => void this.end(error));
    worker.unref();
    return worker;
  }

  private answered(answer: ThreadAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    this.watch();
    if ("result" in answer) waiting?.resolve(answer.result);
    else if ("failed" in answer) waiting?.reject(new Error(answer.failed));
    else {
      const { problem, message, hint } = answer.refused;
      waiting?.reject(new StoreError(problem, message, hint));
    }
  }

  /** Restarts the timer: of the job that runs now or, without one, of the idle thread. */
  private watch(): void {
    clearTimeout(this.timer);
    const busy = this.waiting.size > 0;
    const late = () =>
      new RequestError(503, "The analysis took too long.", {
        hint: "Export the votes, and use plumb aggregate and plumb agreement.",
      });
    this.timer = setTimeout(() => void this.end(late()), busy ? JOB_MILLISECONDS : IDLE_MILLISECONDS);
    this.timer.unref();
  }

  /** Ends the thread and rejects every waiting job with the reason. */
  private async end(why: unknown): Promise<void> {
    clearTimeout(this.timer);
    const [worker, waiting] = [this.worker, [...this.waiting.values()]];
    this.worker = undefined;
    this.waiting.clear();
    for (const { reject } of waiting) reject(why);
    await worker?.terminate();
  }
}
