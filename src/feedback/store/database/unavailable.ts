/** What the databases say when they cannot be used now, in words: busy, full, damaged or gone. */
import { StoreError } from "../store-error.js";

type Told = readonly [message: string, hint: string];

const AGAIN = "Nothing was changed. Try again in a few seconds.";
const BUSY: Told = ["The database is busy: something else is writing to it.", AGAIN];
const FULL: Told = [
  "The disk of the database is full.",
  "Nothing was changed. Free some space there; then try again, no restart is needed.",
];
const FAULT: Told = [
  "The database's disk cannot be read or written.",
  "Nothing was changed. Look at the disk and at the limits on files (ulimit -f); no restart is needed.",
];
const READ_ONLY: Told = [
  "The database can only be read.",
  "Nothing was changed. Look at who may write to it.",
];
const DAMAGED: Told = [
  "The database is damaged, or is none.",
  "Stop the server, keep the file, and restore a backup.",
];
const GONE: Told = [
  "The database does not answer.",
  "Nothing was changed. Look whether it runs; then try again.",
];
const NO_CONNECTION: Told = ["The database has no free connection.", AGAIN];
const NO_MEMORY: Told = ["The database has no memory left.", AGAIN];

/** By SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE: Readonly<Record<number, Told>> = {
  5: BUSY,
  6: BUSY,
  7: NO_MEMORY,
  8: READ_ONLY,
  10: FAULT,
  11: DAMAGED,
  13: FULL,
  14: [
    "The database's file cannot be opened.",
    "Look whether it is there and who may use it; then try again.",
  ],
  26: DAMAGED,
};

/** By the beginning of PostgreSQL's SQLSTATE (its manual, appendix A); the longest that fits counts. */
const POSTGRESQL: readonly (readonly [state: string, told: Told])[] = [
  ["08", GONE],
  ["25006", READ_ONLY],
  ["28", ["The database refuses this server's user.", "Look at DATABASE_URL."]],
  ["3D000", GONE],
  ["40001", BUSY],
  ["40P01", BUSY],
  ["53100", FULL],
  ["53200", NO_MEMORY],
  ["53300", NO_CONNECTION],
  ["53", GONE],
  ["55P03", BUSY],
  ["57", GONE],
  ["58", FAULT],
  ["XX001", DAMAGED],
  ["XX002", DAMAGED],
];

/** Node's codes of a connection that was not made, or broke. */
const NETWORK = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"],
  ...["EHOSTUNREACH", "ENETUNREACH", "ENOENT", "EACCES"],
]);

/** What SQLite's code says of the database; undefined where the fault is the statement's. @param raw extended code. */
export function sqliteUnavailable(raw: number | undefined, cause: Error): StoreError | undefined {
  return refusal(raw === undefined ? undefined : SQLITE[raw & 0xff], cause);
}

/** What an error of the PostgreSQL client says of the database; undefined where the fault is the statement's. */
export function postgresUnavailable(error: unknown): StoreError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) {
    // Of the pool and the client themselves, which give no code.
    if (/timeout exceeded when trying to connect/i.test(error.message)) return refusal(NO_CONNECTION, error);
    const broken = /connection (terminated|error)|not queryable/i.test(error.message);
    return refusal(broken ? GONE : undefined, error);
  }
  if (NETWORK.has(code)) return refusal(GONE, error);
  const fitting = POSTGRESQL.filter(([state]) => code.startsWith(state));
  const [nearest] = fitting.sort(([a], [b]) => b.length - a.length);
  return refusal(nearest?.[1], error);
}

function refusal(told: Told | undefined, cause: Error): StoreError | undefined {
  return told && new StoreError("unavailable", told[0], told[1], undefined, cause);
}
