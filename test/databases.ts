/** Runs a suite on SQLite and on PostgreSQL. */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import type { Engine } from "../src/feedback/store/database/database.js";
import { openDatabase, openStore, type Store, type StoreOptions } from "../src/feedback/store/index.js";
import { migrate } from "../src/feedback/store/migrate.js";
import { memoryFolder } from "./memory-folder.js";
import { POSTGRES_URL, TEMPLATE } from "./postgres-setup.js";

export interface TestDatabases {
  engine: Engine;
  /** Where a new, empty database is, and the file of its signing key. On PostgreSQL its tables are made. */
  fresh(): Promise<{ location: string; keyFile: string }>;
  /** A store over a new, empty database; closed after the test. */
  store(options?: StoreOptions): Promise<Store>;
  /** A temporary folder, removed after the suite. */
  dir(): string;
}

/** `suite` is called once for each engine, inside a describe of its own. */
export function onBothEngines(suite: (databases: TestDatabases) => void): void {
  const server = process.env[POSTGRES_URL];
  describe("on SQLite", () => onEngine(undefined, suite));
  describe.skipIf(server === undefined)("on PostgreSQL", () => onEngine(server, suite));
}

/** @param server URL of a PostgreSQL database from which others can be made; undefined is SQLite. */
function onEngine(server: string | undefined, suite: (databases: TestDatabases) => void): void {
  let dir = "";
  let made = 0;
  const open: Store[] = [];
  beforeAll(() => {
    dir = memoryFolder("plumb-db-");
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const fresh = async () => {
    const file = join(dir, `${++made}.db`);
    return { location: server === undefined ? file : await postgresDatabase(server), keyFile: `${file}.key` };
  };
  suite({
    engine: server === undefined ? "sqlite" : "postgresql",
    fresh,
    async store(options = {}) {
      const { location, keyFile } = await fresh();
      if (server === undefined) writeFileSync(location, await sqliteTemplate(), { mode: 0o600 });
      const store = await openStore(location, { keyFile, ...options });
      open.push(store);
      return store;
    },
    dir: () => dir,
  });
}

let template: Promise<Buffer> | undefined;
/** A SQLite database that has been through the migrations, once for all suites of a process. */
function sqliteTemplate(): Promise<Buffer> {
  template ??= (async () => {
    const dir = memoryFolder("plumb-db-");
    const file = join(dir, "migrated.db");
    const database = await openDatabase(file);
    await migrate(database);
    await database.db.destroy();
    const bytes = readFileSync(file);
    rmSync(dir, { recursive: true, force: true });
    return bytes;
  })();
  return template;
}

/** A new database with the tables made, empty. */
async function postgresDatabase(server: string): Promise<string> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  const client = new pg.Client(server);
  await client.connect();
  await client.query(`create database ${name} template ${TEMPLATE}`).finally(() => client.end());
  const url = new URL(server);
  url.pathname = name;
  return url.href;
}
