/**
 * Raters vote as people do, while leads search, export and analyse all the time; meanwhile the server is killed twice,
 * its disk fills up and is freed, and it moves to a database that was restored from a backup. Afterwards the database
 * is compared with what was acknowledged.
 */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { RandomStream } from "../../src/base/random.js";
import { FeedbackClient } from "../../src/server/client.js";
import { accounts, projects } from "../../src/server/contract/index.js";
import { ConnectionLost, KeepAliveClient } from "../load/keep-alive-client.js";
import { acceptInvitation, inspect, PASSWORD } from "../load/load.js";
import { type ServerProcess, startServerProcess } from "../load/server-process.js";

export interface HourPlan {
  minutes: number;
  raters: number;
  /** Mean seconds that a rater takes for a verdict, drawn from 0.5 to 1.5 times that. */
  pause: number;
  overlap: number;
  /** A folder for the databases, the key and the log. */
  dir: string;
  /** Says what happens. */
  say(text: string): void;
}

export interface HourResult extends Awaited<ReturnType<typeof inspect>> {
  acknowledged: number;
  /** Milliseconds of the votes' requests while the server had its disk and was not being started. */
  votes: number[];
  /** Requests that were answered 503 while the disk was full, and other refusals at any time. */
  refused: number;
  wrong: string[];
  asked: { searches: number; exports: number; analyses: number };
  /** Lines of the log that tell of a defect. */
  defects: number;
  /** Exit statuses of the two servers that were stopped by SIGTERM. */
  exits: (number | null)[];
  /** Resident memory of the server in MiB, a minute after the start and at the end of the last database. */
  memory: number[];
}

const SEARCHES = 4;
const ANALYSES = ["agreement", "raters", "training-rows", "preferences", "forecast"];
/** Seconds after a change, and a rater's pause, in which times are not counted: what was under way, and lost caches. */
const SETTLING = 3;
const AGAIN_MILLISECONDS = 500;

export async function runHour(plan: HourPlan): Promise<HourResult> {
  const { dir, say } = plan;
  const seconds = 60 * plan.minutes;
  const keyFile = `${dir}/key`;
  const logFile = openSync(`${dir}/log`, "a");
  let database = `${dir}/first.db`;
  const start = (port: number) => startServerProcess({ database, keyFile }, port, logFile);
  let server = await start(0);
  const { url } = server;
  const port = Number(new URL(url).port);
  const admin = new FeedbackClient({ url });
  await admin.acceptInvitation({ token: server.firstAdmin ?? "", login: "admin", password: PASSWORD });
  const wanted = Math.ceil((1.3 * seconds * plan.raters) / plan.pause / plan.overlap);
  const project = await prepare(admin, plan.overlap, Math.max(2000, wanted));
  const invite = async () =>
    (await admin.call(accounts.inviteToProject, { params: { project }, body: {} })).token;
  const raters = await Promise.all(
    Array.from({ length: plan.raters }, async (_, i) => acceptInvitation(url, await invite(), `rater${i}`)),
  );
  const { token } = await admin.call(accounts.inviteAccount, { body: { role: "admin" } });
  const lead = await acceptInvitation(url, token, "lead");
  admin.close();

  const acknowledged = new Set<string>();
  const asked = { searches: 0, exports: 0, analyses: 0 };
  const [votes, wrong, exits, memory] = [[], [], [], []] as [number[], string[], (number | null)[], number[]];
  let refused = 0;
  /** Why answers may fail or be late now; undefined while all is well. */
  let trouble: string | undefined;
  const began = performance.now();
  const left = () => seconds - (performance.now() - began) / 1000;
  const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  const rate = async (headers: Record<string, string>, rater: number) => {
    const random = new RandomStream(1, "hour/pauses", rater);
    const client = new KeepAliveClient(port, headers);
    /** Asks until it is answered, as the pages do. @returns undefined for what is refused for good. */
    const ask = async <T>(path: string, body: unknown, times?: number[]): Promise<T | undefined> => {
      while (left() > -60) {
        const sent = performance.now();
        const before = trouble;
        try {
          const answer = await client.post<T>(path, body);
          if (before === undefined && trouble === undefined) times?.push(performance.now() - sent);
          return answer;
        } catch (error) {
          const { message } = error as Error;
          if (/answered 503/.test(message)) refused++;
          else if (!(error instanceof ConnectionLost)) {
            wrong.push(message);
            return undefined;
          }
          if (before === undefined && trouble === undefined) wrong.push(`without a cause: ${message}`);
          await wait(AGAIN_MILLISECONDS * (0.5 + random.uniform()));
        }
      }
      return undefined;
    };
    // They do not all begin at once.
    await wait(1000 * plan.pause * random.uniform());
    while (left() > 0) {
      const taken = await ask<{ leases: { id: string }[] }>(`/projects/${project}/leases`, { count: 3 });
      if (taken === undefined || taken.leases.length === 0) return client.close();
      for (const { id } of taken.leases) {
        await wait(1000 * plan.pause * (0.5 + random.uniform()));
        const verdict = random.uniform() < 0.7 ? "left" : "right";
        const answer = { kind: "pairwise", aspects: { overall: { verdict } } };
        const vote = await ask<{ vote: string }>(
          `/leases/${id}/vote`,
          { answer, milliseconds: 1500, client: "hour" },
          votes,
        );
        if (vote !== undefined) acknowledged.add(vote.vote);
        if (left() <= 0) break;
      }
    }
    return client.close();
  };
  const readAll = async (count: keyof typeof asked, path: (i: number) => string) => {
    for (let i = 0; left() > 0; i++) {
      const before = trouble;
      try {
        const answer = await fetch(`${url}/api/v1/projects/${project}${path(i)}`, { headers: lead });
        await answer.arrayBuffer();
        if (answer.status === 200) asked[count]++;
        else if (before === undefined && trouble === undefined) wrong.push(`${path(i)}: ${answer.status}`);
      } catch (error) {
        // The server was killed or stopped in the middle.
        if (before === undefined && trouble === undefined) wrong.push(`${path(i)}: ${String(error)}`);
        await wait(AGAIN_MILLISECONDS);
      }
    }
  };
  const during = async (what: string, work: () => Promise<void>) => {
    trouble = what;
    say(`${Math.round(seconds - left())} s: ${what}, ${acknowledged.size} votes acknowledged`);
    await work();
    // Who was about to vote finds a connection of before.
    await wait(1000 * (SETTLING + 1.5 * plan.pause));
    trouble = undefined;
  };
  const at = (share: number) => wait(Math.max(0, 1000 * (left() - seconds * (1 - share))));
  const kill = async () => {
    await server.kill();
    server = await start(port);
  };
  const events = async () => {
    await at(0.1);
    memory.push(residentMiB(server));
    await at(0.2);
    await during("killed", kill);
    await at(0.4);
    await during("the disk is full", async () => {
      const before = acknowledged.size;
      limitFiles(server, "1");
      await wait(1000 * Math.max(5, seconds / 20));
      const [answer, health] = await Promise.all([
        fetch(`${url}/api/v1/projects/${project}/items?limit=1`, { headers: lead }),
        fetch(`${url}/healthz`),
      ]);
      if (answer.status !== 200 || health.status !== 200)
        wrong.push(`on the full disk reads are answered ${answer.status}, /healthz ${health.status}`);
      const came = acknowledged.size - before;
      limitFiles(server, "unlimited");
      say(`room again; ${refused} requests were refused, ${came} votes taken meanwhile`);
      if (refused === 0) wrong.push("nothing was refused on the full disk");
    });
    await at(0.6);
    await during("killed", kill);
    await at(0.75);
    await during("moved to a restored database", async () => {
      exits.push(await server.stop());
      const file = `${dir}/backup.jsonl.gz`;
      const plumb = (...args: string[]) =>
        execFileSync(process.execPath, ["dist/cli/main.js", "--quiet", ...args], {
          stdio: ["ignore", "ignore", "inherit"],
        });
      plumb("backup", "--db", database, "--out", file);
      database = `${dir}/restored.db`;
      plumb("restore", file, "--db", database, "--key-file", keyFile, "--keep-access");
      server = await start(port);
    });
  };
  await Promise.all([
    ...raters.map(rate),
    ...Array.from({ length: SEARCHES }, (_, lane) =>
      readAll("searches", (i) => `/items?limit=100&search=nowhere-${lane}-${i}`),
    ),
    readAll("exports", () => "/votes"),
    readAll("analyses", (i) => `/${ANALYSES[i % ANALYSES.length]}`),
    events(),
  ]);
  memory.push(residentMiB(server));
  exits.push(await server.stop());
  closeSync(logFile);
  const defects = readFileSync(`${dir}/log`, "utf8")
    .split("\n")
    .filter((line) => line.includes('"defect"') || line.includes("defect of Plumbline")).length;
  const found = await inspect({ database, keyFile }, project, acknowledged);
  return { acknowledged: acknowledged.size, votes, refused, wrong, asked, defects, exits, memory, ...found };
}

async function prepare(admin: FeedbackClient, overlap: number, items: number): Promise<string> {
  const { id: project } = await admin.call(projects.createProject, {
    body: { name: "hour", task: { kind: "pairwise" }, settings: { overlap }, seed: 7 },
  });
  const text =
    "in a few sentences that a rater reads before the next verdict, as they are in most projects. ".repeat(8);
  for (let start = 0; start < items; start += 5000)
    await admin.call(projects.importItems, {
      params: { project },
      body: {
        items: Array.from({ length: Math.min(5000, items - start) }, (_, i) => ({
          content: {
            prompt: `Question ${start + i}: which of the two answers is better?`,
            responses: ["a", "b"].map((name) => ({
              name,
              text: `Answer ${name} to question ${start + i}, ${text}`,
            })),
          },
        })),
      },
    });
  return project;
}

/**
 * Lets no file of the server grow or be written beyond so many bytes: for it, the disk is full (prlimit of util-linux).
 */
function limitFiles({ pid }: ServerProcess, bytes: string): void {
  execFileSync("prlimit", [`--pid=${pid}`, `--fsize=${bytes}:`]);
}

function residentMiB({ pid }: ServerProcess): number {
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}
