import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, it } from "vitest";
import { accounts, analysis, projects } from "../../src/server/contract/index.js";
import { FeedbackClient } from "../../src/server/index.js";

const cli = resolve("dist/cli/main.js");
const dir = mkdtempSync(join(tmpdir(), "plumb-serve-"));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

function plumb(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: dir,
    env: { ...process.env, DATABASE_URL: "", ...env },
  });
  started.push(child);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  const exited = once(child, "exit").then(([status]) => ({ status: status as number, out, err }));
  return { child, exited, told: () => err };
}

it("serves, takes tasks and simulated raters from the other commands, logs no secret, and ends with 0 on SIGTERM", async () => {
  const server = plumb(["serve", "--json", "--port", "0", "--db", "votes.db"]);
  const [line] = (await once(createInterface({ input: server.child.stdout }), "line")) as [string];
  const { url, firstAdmin } = JSON.parse(line) as { url: string; firstAdmin: string };
  const token = firstAdmin.split("#")[1];
  const admin = new FeedbackClient({ url });
  const password = "a password that is long";
  const { account } = await admin.acceptInvitation({ token, login: "root.person", password });
  const { id: project } = await admin.call(projects.createProject, {
    body: { name: "pilot", task: { kind: "pairwise" } },
  });
  const { key } = await admin.call(accounts.createKey, { body: { name: "cli", scopes: ["write", "read"] } });
  const item = (i: number) => ({
    id: `t${i}`,
    task: { kind: "pairwise" },
    content: {
      prompt: `p${i}`,
      responses: [
        { name: "a", text: `yes ${i}` },
        { name: "b", text: `no ${i}` },
      ],
    },
  });
  writeFileSync(
    join(dir, "tasks.jsonl"),
    Array.from({ length: 6 }, (_, i) => JSON.stringify(item(i))).join("\n"),
  );
  const target = ["--server", url, "--project", project];
  const pushed = await plumb(["tasks", "push", "tasks.jsonl", "--json", ...target], { PLUMB_KEY: key })
    .exited;
  expect(pushed).toMatchObject({ status: 0, err: "" });
  expect(JSON.parse(pushed.out)).toEqual({ items: 6, project });
  const simulated = await plumb(["simulate", "raters", "--json", "--raters", "4", ...target], {
    PLUMB_KEY: key,
  }).exited;
  expect(simulated.status, simulated.err).toBe(0);
  const { raters } = JSON.parse(simulated.out) as { raters: { votes: number }[] };
  expect(raters.reduce((sum, { votes }) => sum + votes, 0)).toBe(18);
  // Computed in a thread of its own, over a connection of its own.
  const table = await admin.call(analysis.getRaterTable, { params: { project } });
  expect(table.raters.reduce((sum, { votes }) => sum + votes, 0)).toBe(18);
  admin.close();
  server.child.kill("SIGTERM");
  const { status, err } = await server.exited;
  expect(status).toBe(0);
  expect(err).toContain('"operation":"castVote"');
  for (const secret of [password, token, key, "root.person", account.login, "plumb_"])
    expect(err).not.toContain(secret);
}, 60_000);

it("asks for the address that others reach it at", async () => {
  const open = await plumb(["serve", "--host", "0.0.0.0", "--db", "open.db"]).exited;
  expect(open).toMatchObject({ status: 1, err: expect.stringContaining("--public-url") });
}, 60_000);
