import type { Transaction } from "kysely";
import type { Engine } from "../database.js";
import type { Tables } from "../tables.js";

/** One step of the database schema. Released steps are never changed; new steps are added after them. */
export interface Migration {
  /** Number and purpose, such as "0002-accounts"; names sort in the order of the list. */
  name: string;
  /**
   * Tables that the step creates, or creates anew with another key, each after those that it refers to, with their key
   * columns. A backup copies these.
   */
  tables: readonly { name: string; key: readonly string[] }[];
  up(db: Transaction<Tables>, engine: Engine): Promise<void>;
}
