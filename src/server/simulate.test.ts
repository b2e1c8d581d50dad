import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadProject } from "../feedback/store/index.js";
import { counting, USES } from "../votes/judgement/index.js";
import { hiddenValues, simulatedRaters } from "../votes/simulate/index.js";
import { projects } from "./contract/index.js";
import {
  type FeedbackClient,
  localLead,
  RaterClient,
  type RunningServer,
  ServerSettings,
  simulateRaters,
  startServer,
} from "./index.js";

let dir: string;
let server: RunningServer;
let proxy: Server | undefined;
let lead: FeedbackClient;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "plumb-simulate-"));
  const limits = { account: 100_000, address: 100_000, signIn: 1000 };
  server = await startServer({
    database: join(dir, "plumb.db"),
    host: "127.0.0.1",
    port: 0,
    logLevel: "silent",
    settings: ServerSettings.parse({ limits }),
  });
  lead = await localLead(server, "lead");
});
afterEach(async () => {
  lead.close();
  proxy?.closeAllConnections();
  proxy?.close();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Passes requests on, and loses every third answer to those of the path. */
async function losingAnswers(path: RegExp): Promise<{ url: string; lost: () => number }> {
  let [seen, lost] = [0, 0];
  const { hostname, port, host } = new URL(server.origin);
  proxy = createServer((incoming, outgoing) => {
    const { method, url: asked, headers } = incoming;
    const target = { hostname, port, method, path: asked, headers: { ...headers, host } };
    const passed = request(target, (answer) => {
      if (path.test(asked ?? "") && ++seen % 3 === 0) {
        lost++;
        answer.resume();
        outgoing.destroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => proxy?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, lost: () => lost };
}

async function rated(url: string) {
  const { id: project } = await lead.call(projects.createProject, {
    body: { name: "pilot", task: { kind: "pairwise" }, settings: { overlap: 2 }, seed: 1 },
  });
  const items = Array.from({ length: 12 }, (_, i) => ({
    content: { prompt: `p${i}`, responses: ["a", "b"].map((name) => ({ name, text: `${name} ${i}` })) },
  }));
  await lead.call(projects.importItems, { params: { project }, body: { items } });
  const raters = simulatedRaters(
    { raters: 2, shares: { honest: 1 }, groups: 1, talkative: 0 },
    hiddenValues(1),
    1,
  );
  const work = await simulateRaters(lead, { url, project, raters, votesPerRater: 100, seed: 1 });
  const { judgements } = await loadProject(server.services.store.db, project);
  const votes = counting(judgements, USES.results).map(({ vote }) => vote);
  return { work, votes };
}

it("raters go on after lost answers, and no vote is lost or cast twice", async () => {
  const { url, lost } = await losingAnswers(/\/(leases|vote)$/);
  const { work, votes } = await rated(url);
  expect(lost()).toBeGreaterThan(5);
  expect(votes).toHaveLength(24);
  expect(new Set(votes.map(({ item, rater }) => `${item} ${rater}`)).size).toBe(24);
  expect(work.map((own) => own.votes)).toEqual([12, 12]);
}, 30_000);

it("votes sent together go on after lost answers, and one that is refused is told", async () => {
  const { url, lost } = await losingAnswers(/\/votes$/);
  const { id: project, task } = await lead.call(projects.createProject, {
    body: { name: "pilot", task: { kind: "pairwise" }, settings: { overlap: 1 }, seed: 1 },
  });
  const items = Array.from({ length: 35 }, (_, i) => ({
    content: { prompt: `p${i}`, responses: ["a", "b"].map((name) => ({ name, text: `${name} ${i}` })) },
  }));
  await lead.call(projects.importItems, { params: { project }, body: { items } });
  const pool = { raters: 1, shares: { honest: 1 }, groups: 1, talkative: 0 };
  const [person] = simulatedRaters(pool, hiddenValues(1), 1);
  const rater = await RaterClient.join(lead, person, { url, project, task, seed: 1 });
  let last: Awaited<ReturnType<typeof rater.take>> = [];
  for (;;) {
    const taken = await rater.take(100);
    if (taken.length === 0) break;
    await rater.judgeAll(taken);
    last = taken;
  }
  expect(lost()).toBeGreaterThan(1);
  const { judgements } = await loadProject(server.services.store.db, project);
  const votes = counting(judgements, USES.results).map(({ vote }) => vote);
  expect(votes).toHaveLength(35);
  expect(new Set(votes.map(({ item }) => item)).size).toBe(35);
  const unknown = { ...last[0], id: `l-${"0".repeat(26)}` };
  await expect(rater.judgeAll([unknown])).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining("There is no lease"),
  });
  await expect(rater.judgeAll([])).resolves.toBeUndefined();
  rater.close();
}, 30_000);

it("a lead in the server's own process leaves the place of the first admin free", async () => {
  await expect(lead.call(projects.listProjects, {})).resolves.toEqual({ projects: [] });
  const admins = await server.services.store.db
    .selectFrom("accounts")
    .select("id")
    .where("role", "=", "admin")
    .execute();
  expect(admins).toEqual([]);
}, 30_000);
