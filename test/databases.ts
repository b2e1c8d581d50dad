/** Runs a suite on SQLite and on PostgreSQL. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import type { Engine } from "../src/feedback/store/database.js";
import { openStore, type Store, type StoreOptions } from "../src/feedback/store/index.js";
import { postgresPrograms, startPostgres, type TestPostgres } from "./postgres.js";

export interface TestDatabases {
  engine: Engine;
  /** Where a new, empty database is, and the file of its signing key. */
  fresh(): Promise<{ location: string; keyFile: string }>;
  /** A store over a new, empty database; closed after the test. */
  store(options?: StoreOptions): Promise<Store>;
  /** A temporary folder, removed after the suite. */
  dir(): string;
}

/** `suite` is called once for each engine, inside a describe of its own. */
export function onBothEngines(suite: (databases: TestDatabases) => void): void {
  const programs = postgresPrograms();
  describe("on SQLite", () => onEngine("sqlite", undefined, suite));
  describe.skipIf(programs === undefined)("on PostgreSQL", () => onEngine("postgresql", programs, suite));
}

function onEngine(
  engine: Engine,
  programs: string | undefined,
  suite: (databases: TestDatabases) => void,
): void {
  let postgres: TestPostgres | undefined;
  let dir = "";
  let made = 0;
  const open: Store[] = [];
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "plumb-db-"));
    if (programs !== undefined) postgres = await startPostgres(programs);
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
  });
  afterAll(async () => {
    await postgres?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const fresh = async () => {
    const file = join(dir, `${++made}.db`);
    return { location: postgres ? await postgres.database() : file, keyFile: `${file}.key` };
  };
  suite({
    engine,
    fresh,
    async store(options = {}) {
      const { location, keyFile } = await fresh();
      const store = await openStore(location, { keyFile, ...options });
      open.push(store);
      return store;
    },
    dir: () => dir,
  });
}
