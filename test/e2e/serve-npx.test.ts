/** A server that npx started: npm's shell stands between, and ends without passing a signal on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, it } from "vitest";

const dir = mkdtempSync(join(tmpdir(), "plumb-npx-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Starts a server below a shell. @returns the shell, and what resolves once the server has ended. */
async function served(npmCommand: string) {
  const serve = `"${process.execPath}" "${resolve("dist/cli/main.js")}" serve --json --port 0 --db ${npmCommand}.db`;
  const shell = spawn("sh", ["-c", `${serve}; exit 0`], {
    cwd: dir,
    detached: true,
    env: { ...process.env, DATABASE_URL: "", npm_command: npmCommand },
  });
  let told = "";
  shell.stderr.on("data", (data) => (told += data));
  const [line] = (await once(createInterface({ input: shell.stdout }), "line")) as [string];
  // The server holds the shell's outputs: they close when both have ended.
  const ended = once(shell, "close").then(() => told);
  return { shell, url: (JSON.parse(line) as { url: string }).url, ended };
}

it("ends in order when npx is ended", async () => {
  const { shell, ended } = await served("exec");
  shell.kill("SIGTERM");
  expect(await ended).toMatch(/stopping[\s\S]*stopped/);
});

it("goes on without its shell where npx did not start it", async () => {
  const { shell, url, ended } = await served("run-script");
  shell.kill("SIGTERM");
  await once(shell, "exit");
  await new Promise((done) => setTimeout(done, 2000));
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  process.kill(-(shell.pid as number), "SIGTERM");
  expect(await ended).toContain("stopped");
});
