import { openDatabase } from "../src/feedback/store/index.js";
import { migrate } from "../src/feedback/store/migrate.js";
import { postgresPrograms, startPostgres } from "./postgres.js";

/** The server's address, for test files; unset where there is none. */
export const POSTGRES_URL = "PLUMB_TEST_POSTGRES";
/** A database that has been through the migrations, which others are copied from. */
export const TEMPLATE = "migrated";

/** Vitest's global set-up: one PostgreSQL for all test files, where it is installed. @returns what stops it. */
export default async function setUp(): Promise<() => Promise<void>> {
  const programs = postgresPrograms();
  if (programs === undefined) return async () => undefined;
  const server = await startPostgres(programs);
  const template = await openDatabase(await server.database(TEMPLATE));
  await migrate(template);
  await template.db.destroy();
  process.env[POSTGRES_URL] = server.url("postgres");
  return () => server.stop();
}
