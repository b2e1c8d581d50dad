/** Connections to PostgreSQL, whose errors say in words when the database cannot be used now. */
import type { PostgresPoolClient } from "kysely";
import pg from "pg";
import { postgresUnavailable } from "./unavailable.js";

/** PostgreSQL's type number for bigint; all values here are below 2^53, so they are read as JavaScript numbers. */
const INT8 = 20;

interface ConnectionPool {
  /** @throws StoreError unavailable; the client's own error for a fault of a statement. */
  connect(): Promise<PostgresPoolClient>;
  end(): Promise<void>;
}

/** @param waitMilliseconds for a connection, and for a lock that another holds. */
export function postgresPool(url: string, size: number, waitMilliseconds: number): ConnectionPool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    // One stays open while nothing is asked, so that reads go on where the database takes no further connections.
    min: 1,
    connectionTimeoutMillis: waitMilliseconds,
    lock_timeout: waitMilliseconds,
    types: {
      getTypeParser: (id: number, format?: "text" | "binary") =>
        id === INT8 ? Number : pg.types.getTypeParser(id, format as "text"),
    },
  } as pg.PoolConfig);
  // The pool replaces an idle connection that breaks; a query on a broken connection reports its own error.
  pool.on("error", () => undefined);
  // Kysely knows connections by identity.
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    async connect() {
      const client = await pool.connect().catch(refuse);
      const wrapped = known.get(client) ?? inWords(client);
      known.set(client, wrapped);
      return wrapped;
    },
    end: () => pool.end(),
  };
}

function inWords(client: pg.PoolClient): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[]) => client.query(text, [...values]).catch(refuse);
  // Nothing here reads by cursors, which its second form is for.
  return { query: query as unknown as PostgresPoolClient["query"], release: () => client.release() };
}

function refuse(error: unknown): never {
  throw postgresUnavailable(error) ?? error;
}
