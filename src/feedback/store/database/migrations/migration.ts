import type { Transaction } from "kysely";
import type { Engine } from "../database.js";
import type { Tables } from "../tables.js";

/** One step of the database's form. Steps that were released are never changed; a new one is added after them. */
export interface Migration {
  /** Number and what it does, in the order of the list. */
  name: string;
  /** Tables that it makes, each after those that it refers to, with the columns of their keys: what a backup copies. */
  tables: readonly { name: string; key: readonly string[] }[];
  up(db: Transaction<Tables>, engine: Engine): Promise<void>;
}
