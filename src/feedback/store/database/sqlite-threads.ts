/**
 * The connections to one SQLite file, each on a thread of its own. One writes, at most one transaction at a time; in
 * WAL mode the others read beside it, whatever it waits for. Short reads and those that may take long have different
 * ones, so that neither a search through everything nor another process's lock holds up who needs one row.
 */
import { type SqliteSettings, SqliteThread } from "./sqlite-thread.js";

export type ReadingLane = "short" | "long";

/** Page cache of a connection that reads; the operating system's own holds the file as well. */
const READING_CACHE_KIBIBYTES = 16_384;

interface Opened {
  promise: Promise<SqliteThread>;
  thread?: SqliteThread;
}

export class SqliteThreads {
  private readonly opened = new Map<ReadingLane | "writing", Opened>();
  private readonly waiting: (() => void)[] = [];
  private writing = false;

  /** @param settings of the connection that writes; those that read have the same, and may only read. */
  constructor(private readonly settings: SqliteSettings) {}

  /** Opens the connection that writes, which makes the file. @throws Error with SQLite's message. */
  async open(): Promise<void> {
    await this.thread("writing");
  }

  /** A connection for reads, shared by all of its lane. */
  reader(lane: ReadingLane): Promise<SqliteThread> {
    return this.thread(lane);
  }

  /** A connection for one transaction that reads a single state. Its taker closes it. */
  snapshot(): Promise<SqliteThread> {
    return SqliteThread.open(this.readingSettings("long"));
  }

  /** The connection that writes, for one at a time, in the order they ask; to be given back by `doneWriting`. */
  async write(): Promise<SqliteThread> {
    if (this.writing) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.writing = true;
    try {
      return await this.thread("writing");
    } catch (error) {
      this.doneWriting();
      throw error;
    }
  }

  doneWriting(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.writing = false;
    else next();
  }

  async close(): Promise<void> {
    // The one that writes is the last: as it closes, SQLite moves the write-ahead log into the database.
    const lanes = [...this.opened].sort(([a], [b]) => Number(a === "writing") - Number(b === "writing"));
    this.opened.clear();
    for (const [, { promise }] of lanes)
      await promise.then(
        (thread) => thread.close(),
        () => undefined,
      );
  }

  /** Opened when it is first asked for, and anew when its thread has ended or could not be opened. */
  private thread(lane: ReadingLane | "writing"): Promise<SqliteThread> {
    const known = this.opened.get(lane);
    if (known !== undefined && known.thread?.running !== false) return known.promise;
    const opened: Opened = {
      promise: SqliteThread.open(lane === "writing" ? this.settings : this.readingSettings(lane)),
    };
    this.opened.set(lane, opened);
    opened.promise.then(
      (thread) => {
        opened.thread = thread;
      },
      () => {
        if (this.opened.get(lane) === opened) this.opened.delete(lane);
      },
    );
    return opened.promise;
  }

  private readingSettings(lane: ReadingLane): SqliteSettings {
    const { path, busyMilliseconds } = this.settings;
    return {
      path,
      busyMilliseconds,
      givesWay: lane === "long",
      pragmas: [
        `busy_timeout = ${busyMilliseconds}`,
        "query_only = ON",
        `cache_size = ${-READING_CACHE_KIBIBYTES}`,
      ],
    };
  }
}
