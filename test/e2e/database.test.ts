/** `plumb audit verify`, `plumb backup` and `plumb restore` as commands. */
import { spawnSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Libsql from "libsql";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openStore, setProjectState } from "../../src/feedback/store/index.js";
import { collection, judge } from "../collection.js";
import { plumbHere } from "./plumb-here.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let dir = "";

const here = (...args: string[]) => plumbHere(dir, args);

/** As built, in a process of its own: once of each command. */
function built(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: dir,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

beforeAll(async () => {
  vi.stubEnv("DATABASE_URL", "");
  vi.stubEnv("NO_COLOR", "1");
  dir = mkdtempSync(join(tmpdir(), "plumb-cli-db-"));
  const store = await openStore(join(dir, "plumb.db"));
  const { project, raters } = await collection(store);
  for (const rater of raters) await judge(store, project.id, rater);
  await store.close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("verifies, backs up and restores", async () => {
  const verified = await here("audit", "verify", "--json");
  expect(verified.status, verified.stderr).toBe(0);
  const report = JSON.parse(verified.stdout);
  expect(report).toMatchObject({ votes: 2, checkpoints: 2, problems: [] });
  const backup = built("backup", "--out", "all.jsonl.gz", "--json");
  expect(JSON.parse(backup.stdout)).toMatchObject({ head: report.head });
  expect(built("restore", "all.jsonl.gz", "--db", "new.db")).toMatchObject({ status: 0 });
  // By the public key alone: the new database's own key has signed nothing.
  const pem = createPublicKey(readFileSync(join(dir, "plumb.db.audit-key"))).export({
    type: "spki",
    format: "pem",
  });
  writeFileSync(join(dir, "audit.pem"), pem);
  // And by what the database says of itself, which proves less.
  const keyless = await here("audit", "verify", "--db", "new.db");
  expect(keyless.status).toBe(0);
  expect(keyless.stderr).toContain("There is no signing key new.db.audit-key");
  const again = await here("audit", "verify", "--db", "new.db", "--public-key", "audit.pem", "--json");
  expect(JSON.parse(again.stdout)).toEqual(report);
  const refused = await here("restore", "all.jsonl.gz");
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("not empty") });
  expect((await here("restore", "all.jsonl.gz", "--force")).stderr).toContain("earlier checkpoints are in");
  expect(readdirSync(dir).filter((name) => name.includes(".checkpoints.before-"))).toHaveLength(1);
  expect((await here("audit", "verify")).stdout).toMatch(
    /2 votes, 2 checkpoints; the last entry is \d+ [0-9a-f]{64}\n$/,
  );
});

it("says what was tampered with, and ends with 1", () => {
  const database = new Libsql(join(dir, "new.db"));
  database.exec(
    "drop trigger votes_no_update; update votes set client = 'other' where seq = (select min(seq) from votes)",
  );
  database.close();
  const { status, stdout, stderr } = built("audit", "verify", "--db", "new.db", "--public-key", "audit.pem");
  expect(status).toBe(1);
  expect(stdout).toMatch(/^vote \d+: was altered\n/);
  expect(stderr).toContain("not as it was written: 1 problem.");
});

it("names what is missing, and makes nothing", async () => {
  expect((await here("audit", "verify", "--db", "none.db")).stderr).toContain("There is no database none.db");
  expect(existsSync(join(dir, "none.db"))).toBe(false);
  expect((await here("audit", "verify", "--public-key", "all.jsonl.gz")).stderr).toContain(
    "not an Ed25519 public key",
  );
});

it("lists, exports and purges a deleted project", async () => {
  const store = await openStore(join(dir, "purge.db"));
  const { project, raters } = await collection(store);
  await judge(store, project.id, raters[0]);
  await setProjectState(store, project.id, "deleted", "system");
  await store.close();
  const projects = (...args: string[]) => here("projects", ...args, "--db", "purge.db");
  expect((await projects("deleted")).stdout).toBe(`${project.id}  3 items, 1 votes: pilot\n`);
  expect((await projects("export", "--project", project.id)).stderr).toContain("export needs --out.");
  expect((await projects("purge")).stderr).toContain("purge needs --project.");
  const exported = await projects("export", "--project", project.id, "--out", "old.jsonl");
  expect(exported.stdout).toMatch(/^\d+ rows are in old\.jsonl\n$/);
  expect(statSync(join(dir, "old.jsonl")).mode & 0o777).toBe(0o600);
  const lines = readFileSync(join(dir, "old.jsonl"), "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).table).filter((table) => table === "votes")).toHaveLength(1);
  expect((await projects("purge", "--project", project.id)).stdout).toContain("are deleted for good");
  expect(await projects("purge", "--project", project.id)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`There is no deleted project ${project.id}.`),
  });
  expect(await here("audit", "verify", "--db", "purge.db")).toMatchObject({ status: 0 });
}, 240_000);
