/**
 * A SQLite connection on its own thread. A durable commit waits for the disk, and a batch of votes takes milliseconds
 * of work in the indexes; on the event loop's thread this would block all requests.
 */
import { Worker } from "node:worker_threads";
import { sqliteUnavailable } from "./unavailable.js";

export interface SqliteSettings {
  path: string;
  /** How long a writer waits for another process's write. */
  busyMilliseconds: number;
  /** Settings of the connection, as written after PRAGMA. */
  pragmas: readonly string[];
  /** Whether its work gives way to that of other threads. */
  givesWay?: boolean;
}

export type SqliteQuestion = "open" | "close" | "rollback" | { sql: string; parameters: readonly unknown[] };
export type SqliteAnswer =
  | { rows: unknown[] }
  | { changes: number }
  | { error: { message: string; code?: string; raw?: number } };

/** TypeScript sources run directly only under the test runner, after a build; threads need the compiled file. */
const PROGRAM = new URL(
  import.meta.url.endsWith(".ts")
    ? "../../../../dist/feedback/store/database/sqlite-worker.js"
    : "./sqlite-worker.js",
  import.meta.url,
);

export class SqliteThread {
  private readonly waiting: { resolve(answer: SqliteAnswer): void; reject(error: Error): void }[] = [];
  private ended: Error | undefined;

  private constructor(private readonly worker: Worker) {
    worker.on("message", (answer: SqliteAnswer) => {
      const asked = this.waiting.shift();
      // An idle thread does not keep the process alive; one that works does.
      if (this.waiting.length === 0) worker.unref();
      asked?.resolve(answer);
    });
    const end = (error: Error) => {
      this.ended ??= error;
      for (const { reject } of this.waiting.splice(0)) reject(this.ended);
    };
    worker.on("error", end);
    worker.on("exit", () => end(new Error("the database's thread has ended")));
    worker.unref();
  }

  /** False once the thread has ended. */
  get running(): boolean {
    return this.ended === undefined;
  }

  /** @throws as `ask` when the file cannot be opened. */
  static async open(settings: SqliteSettings): Promise<SqliteThread> {
    const thread = new SqliteThread(new Worker(PROGRAM, { workerData: settings }));
    try {
      await thread.ask("open");
      return thread;
    } catch (error) {
      await thread.worker.terminate();
      throw error;
    }
  }

  /**
   * Questions are answered in the order they are asked.
   *
   * @throws StoreError unavailable; for the fault of a statement an Error with SQLite's message and code.
   */
  async ask(question: SqliteQuestion): Promise<{ rows: unknown[] } | { changes: number }> {
    if (this.ended !== undefined) throw this.ended;
    const answer = await new Promise<SqliteAnswer>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.ref();
      this.worker.postMessage(question);
    });
    if (!("error" in answer)) return answer;
    const { message, code, raw } = answer.error;
    const error = Object.assign(new Error(message), { name: "SqliteError", code });
    throw sqliteUnavailable(raw, error) ?? error;
  }

  async close(): Promise<void> {
    if (this.running) await this.ask("close");
    await this.worker.terminate();
  }
}
