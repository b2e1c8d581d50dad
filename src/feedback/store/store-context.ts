import type { Kysely } from "kysely";
import type { Write } from "./audit/writer.js";
import type { Tables } from "./database/tables.js";

/** The part of an open store that the functions of this folder need: reading, writing and the time. */
export interface StoreContext {
  db: Kysely<Tables>;
  /** Unix milliseconds. */
  clock(): number;
  /**
   * Does a write in its own transaction or together with others. It is durable when the promise resolves. `work` must
   * not call write itself.
   */
  write<T>(work: (write: Write) => Promise<T>): Promise<T>;
  /** Overwrites in the files of a SQLite database what was deleted, if a write said that this is owed. */
  scrub(): Promise<void>;
}
