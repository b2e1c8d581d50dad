import type { Kysely } from "kysely";
import type { Write } from "./audit/writer.js";
import type { Tables } from "./database/tables.js";

/** What the functions of this folder need of an open store: to read, to write, and the time. */
export interface StoreContext {
  db: Kysely<Tables>;
  /** Unix milliseconds. */
  clock(): number;
  /**
   * Does a write in a transaction of its own or together with others; it is durable when the promise resolves. `work` must not
   * call write itself.
   */
  write<T>(work: (write: Write) => Promise<T>): Promise<T>;
}
