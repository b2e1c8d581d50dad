/**
 * A PostgreSQL server of the test run's own, from Debian's package: in a temporary folder, on a Unix socket, as nobody
 * special.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

const DEBIAN = "/usr/lib/postgresql";
const READY_MILLISECONDS = 30_000;

export interface TestPostgres {
  /** Its folder, which goes when it stops. */
  dir: string;
  /** Where a database of that name is. */
  url(name: string): string;
  /** Makes a database. @returns its URL. */
  database(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Folder of the server's programs, or undefined, with a message, where it is not installed. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number).filter(Number.isFinite) : [];
  const newest = versions.sort((a, b) => b - a)[0];
  const folder = `${DEBIAN}/${newest}/bin`;
  if (newest !== undefined && existsSync(`${folder}/initdb`)) return folder;
  console.warn("skipping tests on PostgreSQL: install Debian's package postgresql");
  return undefined;
}

/** @param settings of postgresql.conf; without any, commits are not forced to disk. */
export async function startPostgres(
  programs: string,
  settings: readonly string[] = ["fsync=off"],
): Promise<TestPostgres> {
  const dir = mkdtempSync(join(tmpdir(), "plumb-pg-"));
  const owner = unprivileged();
  if (owner.uid !== undefined) chownSync(dir, owner.uid, owner.gid ?? owner.uid);
  const data = join(dir, "data");
  execFileSync(
    `${programs}/initdb`,
    ["-D", data, "-U", "plumb", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"],
    {
      ...owner,
      cwd: dir,
      stdio: "ignore",
    },
  );
  const flags = ["listen_addresses=", `unix_socket_directories=${dir}`, "max_connections=100", ...settings];
  const server = spawn(`${programs}/postgres`, ["-D", data, ...flags.flatMap((flag) => ["-c", flag])], {
    ...owner,
    cwd: dir,
    stdio: "ignore",
  });
  const url = (name: string) => `postgres://plumb@localhost/${name}?host=${encodeURIComponent(dir)}`;
  const admin = await connected(url("postgres"), server);
  return {
    ...{ dir, url },
    async database(name) {
      await admin.query(`create database ${name}`);
      return url(name);
    },
    async stop() {
      await admin.end();
      const gone = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGQUIT");
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function connected(url: string, server: ChildProcess): Promise<pg.Client> {
  const end = Date.now() + READY_MILLISECONDS;
  for (;;) {
    const client = new pg.Client(url);
    // A server that is stopped ends its connections.
    client.on("error", () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (server.exitCode !== null || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const user of ["postgres", "nobody"]) {
    try {
      const id = (flag: string) =>
        Number(execFileSync("id", [flag, user], { encoding: "utf8", stdio: "pipe" }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // The next one.
    }
  }
  return {};
}
