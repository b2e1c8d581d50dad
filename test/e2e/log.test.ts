/** A server whose log cannot be written: it goes on, ends when it is told to, and its status says so. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";

const cli = resolve("dist/cli/main.js");
const dir = mkdtempSync(join(tmpdir(), "plumb-log-"));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

/** Requests that are under way at once. */
const LANES = 20;

/** @param stderr as spawn takes it. @param node arguments of Node's own. */
async function served(name: string, stderr: number | "pipe", node: readonly string[] = []) {
  const args = [
    ...node,
    cli,
    "serve",
    "--json",
    "--port",
    "0",
    "--db",
    `${name}.db`,
    "--set",
    "limits.address=10000000",
  ];
  const child = spawn(process.execPath, args, { cwd: dir, stdio: ["ignore", "pipe", stderr] });
  started.push(child);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await once(lines, "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const ask = async (times: number) => {
    const lane = async () => {
      for (let i = 0; i < times / LANES; i++) expect((await fetch(`${url}/healthz`)).status).toBe(200);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  };
  const ended = once(child, "exit") as Promise<[number | null, string | null]>;
  const stop = async () => {
    child.kill("SIGTERM");
    return Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 8000, "still there"))]);
  };
  return { child, url, ask, stop };
}

// At once: most of their time is waiting for the last lines of a log that nobody takes.
describe.concurrent("a server", () => {
  it.skipIf(!existsSync("/dev/full"))(
    "on a full disk",
    async () => {
      const server = await served("full", openSync("/dev/full", "w"));
      await server.ask(200);
      expect(await server.stop()).toEqual([74, null]);
    },
    60_000,
  );

  it("whose reader has gone", async () => {
    const server = await served("gone", "pipe");
    await server.ask(20);
    server.child.stderr?.destroy();
    await server.ask(200);
    expect(await server.stop()).toEqual([74, null]);
  }, 60_000);

  it("whose reader does not read", async () => {
    const server = await served("slow", "pipe");
    // Never listened to: the pipe and what Node reads ahead are soon full.
    await server.ask(1200);
    expect(await server.stop()).toEqual([74, null]);
  }, 120_000);
});

it("a client that leaves in the middle of a body is no defect, and the server ends with 0", async () => {
  const server = await served("left", "pipe");
  let log = "";
  server.child.stderr?.on("data", (data) => (log += data));
  const { hostname, port, host } = new URL(server.url);
  for (const method of ["POST /api/v1/session", "POST /api/v1/invitations/accept"]) {
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(
      `${method} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"login":`,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.destroy();
  }
  await expect.poll(() => log.match(/"operation":"(signIn|acceptInvitation)","status":400/g)?.length).toBe(2);
  expect(log).not.toContain("defect");
  expect(await server.stop()).toEqual([0, null]);
}, 60_000);

it.skipIf(!existsSync("/usr/bin/script"))(
  "on a terminal it is quiet: one line for many requests",
  async () => {
    // script of util-linux gives it a terminal.
    const command = `${process.execPath} ${cli} serve --port 0 --db terminal.db`;
    const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: dir, stdio: "pipe" });
    started.push(child);
    let told = "";
    child.stdout.on("data", (data) => (told += data));
    await expect
      .poll(() => told, { timeout: 30_000 })
      .toMatch(/serving http:\/\/127\.0\.0\.1:\d+;[\s\S]*join#/);
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(told) as RegExpExecArray;
    for (let i = 0; i < 50; i++) await fetch(`${url}/healthz`);
    child.stdin.write("\u0003");
    await once(child, "exit");
    expect(told).not.toContain('"operation"');
    expect(told).toMatch(/\d\d:\d\d:\d\d {2}0 votes, 50 requests, slowest \d+ ms\r?\n/);
    expect(told).toContain("stopped");
  },
  60_000,
);

it("an error that nothing catches is a defect, with its status", async () => {
  const boom = "data:text/javascript,process.once('SIGUSR2', () => { throw new Error('boom') })";
  const { child } = await served("boom", "pipe", ["--import", boom]);
  let told = "";
  child.stderr?.on("data", (data) => (told += data));
  child.kill("SIGUSR2");
  expect(await once(child, "close")).toEqual([70, null]);
  expect(told).toMatch(/error: this is a defect of Plumbline[\s\S]*boom/);
}, 60_000);
