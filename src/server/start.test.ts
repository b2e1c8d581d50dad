import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, expect, it } from "vitest";
import { openStore, verifyAudit } from "../feedback/store/index.js";
import { hiddenValues, simulatedRaters } from "../votes/simulate/index.js";
import { accounts, projects, results } from "./contract/index.js";
import {
  ClientError,
  FeedbackClient,
  type RunningServer,
  ServerSettings,
  simulateRaters,
  startServer,
} from "./index.js";

const dir = mkdtempSync(join(tmpdir(), "plumb-start-"));
let running: RunningServer | undefined;
const clients: FeedbackClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await running?.stop();
  running = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const start = async (database: string) =>
  (running = await startServer({
    database,
    host: "127.0.0.1",
    port: 0,
    logLevel: "silent",
    settings: ServerSettings.parse({ limits: { signIn: 10_000, address: 1e6 } }),
  }));
const client = (key?: string) => {
  const made = new FeedbackClient({ url: running?.origin ?? "", ...(key && { key }) });
  clients.push(made);
  return made;
};

it("the first admin comes in by a link, good once; simulated raters vote; everything is there after a restart", async () => {
  const database = join(dir, "plumb.db");
  const first = await start(database);
  const token = first.firstAdmin?.split("#")[1] as string;
  expect(first.firstAdmin).toMatch(new RegExp(`^${first.origin}/join#plumb_inv_`));
  const admin = client();
  const password = "a password that is long";
  await admin.acceptInvitation({ token, login: "root", password });
  await expect(client().acceptInvitation({ token, login: "thief", password })).rejects.toMatchObject({
    status: 410,
  });
  const { id: project } = await admin.call(projects.createProject, {
    body: { name: "pilot", task: { kind: "pairwise" }, settings: { overlap: 4 }, seed: 3 },
  });
  const items = Array.from({ length: 30 }, (_, i) => ({
    content: {
      prompt: `p${i}`,
      responses: [
        { name: "a", text: `yes ${i}` },
        { name: "b", text: `no, ${i} times` },
      ],
    },
  }));
  await admin.call(projects.importItems, { params: { project }, body: { items } });
  const { key } = await admin.call(accounts.createKey, {
    body: { name: "simulation", scopes: ["write", "read", "export"] },
  });
  const pool = { raters: 12, shares: { honest: 3, random: 1 }, groups: 1, talkative: 0 };
  const raters = simulatedRaters(pool, hiddenValues(5), 5);
  const work = await simulateRaters(client(key), {
    url: first.origin,
    project,
    raters,
    votesPerRater: 15,
    seed: 5,
  });
  const votes = await client(key).lines(results.exportVotes, { params: { project } });
  expect(votes).toHaveLength(work.reduce((sum, { votes }) => sum + votes, 0));
  expect(votes).toHaveLength(30 * 4);
  expect(new Set(votes.map(({ item, rater }) => `${item} ${rater}`)).size).toBe(votes.length);
  for (const item of new Set(votes.map(({ item }) => item)))
    expect(votes.filter((vote) => vote.item === item)).toHaveLength(4);
  expect(work.filter(({ kind }) => kind === "random")).toHaveLength(3);
  await first.stop();

  const again = await start(database);
  expect(again.firstAdmin).toBeUndefined();
  const back = client();
  await back.signIn("root", password);
  expect((await back.call(projects.getProgress, { params: { project } })).votes).toBe(120);
  await again.stop();
  running = undefined;
  const store = await openStore(database);
  expect((await verifyAudit(store.db, store.key.publicKey)).problemCount).toBe(0);
  await store.close();
}, 60_000);

it("stopping answers what came, refuses what comes after, and says so to whoever looks", async () => {
  const server = await start(join(dir, "stop.db"));
  const token = server.firstAdmin?.split("#")[1] as string;
  const asked = client().acceptInvitation({ token, login: "root", password: "a password that is long" });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const began = performance.now();
  const stopped = server.stop();
  running = undefined;
  expect((await asked).account.role).toBe("admin");
  await stopped;
  // It does not wait for the client, which keeps its connection for later requests.
  expect(performance.now() - began).toBeLessThan(8000);
  const late = new FeedbackClient({ url: server.origin });
  clients.push(late);
  await expect(late.signIn("root", "x")).rejects.toBeInstanceOf(ClientError);
}, 30_000);

it("does not serve other machines without being told its public address", async () => {
  const options = { database: join(dir, "x.db"), port: 0, logLevel: "silent" } as const;
  const settings = ServerSettings.parse({});
  await expect(startServer({ ...options, host: "0.0.0.0", settings })).rejects.toMatchObject({
    name: "PlumbError",
    hint: expect.stringContaining("--public-url"),
  });
});

it("warns of what others put into the database, and goes on", async () => {
  mkdirSync(dir, { recursive: true });
  const database = join(dir, "changed.db");
  expect((await start(database)).warnings).toEqual([]);
  await running?.stop();
  const store = await openStore(database);
  for (const table of ["sessions", "votes"])
    await sql
      .raw(
        `create trigger helpful_${table} after insert on ${table} begin update accounts set role = 'admin'; end`,
      )
      .execute(store.db);
  await store.close();
  expect((await start(database)).warnings).toEqual([
    expect.stringMatching(
      /helpful_sessions, on sessions, is none of the store's.*, and 1 more; "plumb audit verify"/,
    ),
  ]);
});
