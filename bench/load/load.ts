/**
 * Many raters at once against one server: they accept invitations, take items and vote, each waiting for the answer to
 * every request. Afterwards the database is compared with what was acknowledged.
 */

import { RandomStream } from "../../src/base/random.js";
import { openStore, readCheckpoints, verifyAudit } from "../../src/feedback/store/index.js";
import { FeedbackClient } from "../../src/server/client.js";
import { accounts, projects } from "../../src/server/contract/index.js";
import { ConnectionLost, KeepAliveClient } from "./keep-alive-client.js";
import { type ServerProcess, startServerProcess } from "./server-process.js";

export interface LoadPlan {
  raters: number;
  votes: number;
  overlap: number;
  /** Items that a rater takes at once. */
  ahead: number;
  /** SIGKILLs of the server, spread over the votes. */
  kills: number;
  /**
   * Mean milliseconds that a rater takes for a verdict, drawn from 0.5 to 1.5 times that; 0: as fast as the server
   * answers.
   */
  pause: number;
}

export interface LoadDatabase {
  /** SQLite file or postgres:// URL. */
  database: string;
  keyFile: string;
}

export interface LoadResult {
  acknowledged: number;
  stored: number;
  /** Acknowledged votes that are not in the store, and rows that judge an item twice for one rater. */
  lost: number;
  doubled: number;
  /** Items with more votes than were wanted. */
  overshot: number;
  auditProblems: number;
  auditEntries: number;
  seconds: number;
  /** Exit status of the server after SIGTERM. */
  exit: number | null;
  /** Milliseconds from sending to the answer, for each answered request. */
  latencies: { vote: number[]; lease: number[] };
}

/** Items beyond those that the votes need: the last rater may have judged all that are left. */
const SPARE = 1.1;
export const PASSWORD = "a password for the load check";

export async function runLoad(database: LoadDatabase, plan: LoadPlan): Promise<LoadResult> {
  let server = await startServerProcess(database, 0);
  const { url } = server;
  const port = Number(new URL(url).port);
  const admin = new FeedbackClient({ url });
  await admin.acceptInvitation({ token: server.firstAdmin ?? "", login: "admin", password: PASSWORD });
  const project = await prepare(admin, plan);
  const raters = await Promise.all(
    Array.from({ length: plan.raters }, async (_, i) => {
      const { token } = await admin.call(accounts.inviteToProject, { params: { project }, body: {} });
      return new KeepAliveClient(port, await acceptInvitation(url, token, `rater${i}`));
    }),
  );

  const acknowledged = new Set<string>();
  const latencies: LoadResult["latencies"] = { vote: [], lease: [] };
  const each = plan.votes / plan.raters;
  const killAt = Array.from({ length: plan.kills }, (_, i) =>
    Math.round(((i + 1) * plan.votes) / (plan.kills + 1)),
  );
  let restarting: Promise<void> | undefined;
  const restart = async (old: ServerProcess) => {
    await old.kill();
    server = await startServerProcess(database, port);
  };
  const timed = async <T>(kind: keyof typeof latencies, ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      const began = performance.now();
      try {
        const answer = await ask();
        latencies[kind].push(performance.now() - began);
        return answer;
      } catch (error) {
        // The server was killed: ask again once it is back.
        if (!(error instanceof ConnectionLost) || plan.kills === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const rate = async (client: KeepAliveClient, rater: number) => {
    const random = new RandomStream(0, "load/pauses", rater);
    for (let cast = 0; cast < each; ) {
      const count = Math.min(plan.ahead, each - cast);
      const { leases } = await timed("lease", () =>
        client.post<{ leases: { id: string }[] }>(`/projects/${project}/leases`, { count }),
      );
      if (leases.length === 0) return;
      for (const { id } of leases.slice(0, count)) {
        if (plan.pause > 0) {
          const length = plan.pause * (0.5 + random.uniform());
          await new Promise((resolve) => setTimeout(resolve, length));
        }
        const verdict = (rater + cast) % 3 === 0 ? ("right" as const) : ("left" as const);
        const answer = { kind: "pairwise" as const, aspects: { overall: { verdict } } };
        const body = { answer, milliseconds: 1500, client: "load" };
        const { vote } = await timed("vote", () => client.post<{ vote: string }>(`/leases/${id}/vote`, body));
        acknowledged.add(vote);
        cast++;
        if (acknowledged.size >= (killAt[0] ?? Infinity) && restarting === undefined) {
          killAt.shift();
          restarting = restart(server).finally(() => {
            restarting = undefined;
          });
        }
      }
    }
  };
  const began = performance.now();
  await Promise.all(raters.map(rate));
  const seconds = (performance.now() - began) / 1000;
  await restarting;
  for (const client of [admin, ...raters]) client.close();
  const exit = await server.stop();
  return {
    acknowledged: acknowledged.size,
    seconds,
    exit,
    latencies,
    ...(await inspect(database, project, acknowledged)),
  };
}

/** Accepts an invitation with a new account. @returns the headers of its session. */
export async function acceptInvitation(
  url: string,
  token: string,
  login: string,
): Promise<Record<string, string>> {
  const answer = await fetch(`${url}/api/v1/invitations/accept`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, login, password: PASSWORD }),
  });
  const { csrf } = (await answer.json()) as { csrf: string };
  return { Cookie: answer.headers.getSetCookie()[0].split(";")[0], "X-CSRF-Token": csrf };
}

/** A project with the items that the votes need, and some more. */
async function prepare(admin: FeedbackClient, { votes, overlap }: LoadPlan): Promise<string> {
  const { id: project } = await admin.call(projects.createProject, {
    body: { name: "load", task: { kind: "pairwise" }, settings: { overlap }, seed: 7 },
  });
  const items = Array.from({ length: Math.ceil((SPARE * votes) / overlap) }, (_, i) => ({
    content: {
      prompt: `Question ${i}: which of the two answers is better?`,
      responses: ["a", "b"].map((name) => ({
        name,
        text: `Answer ${name} to question ${i}, in a sentence or two.`,
      })),
    },
  }));
  for (let i = 0; i < items.length; i += 5000)
    await admin.call(projects.importItems, {
      params: { project },
      body: { items: items.slice(i, i + 5000) },
    });
  return project;
}

/** What the store holds of the votes that were acknowledged, and whether its log is whole. */
export async function inspect(
  { database, keyFile }: LoadDatabase,
  project: string,
  acknowledged: ReadonlySet<string>,
) {
  const store = await openStore(database, { keyFile });
  try {
    const rows = await store.db
      .selectFrom("votes")
      .select(["id", "item_id", "rater_id"])
      .where("project_id", "=", project)
      .execute();
    const ids = new Set(rows.map(({ id }) => id));
    const pairs = new Set(rows.map(({ item_id, rater_id }) => `${item_id} ${rater_id}`));
    const overshot = await store.db
      .selectFrom("items")
      .select("id")
      .where("project_id", "=", project)
      .where((eb) =>
        eb(
          eb
            .selectFrom("votes")
            .select(eb.fn.countAll<number>().as("n"))
            .whereRef("votes.item_id", "=", "items.id"),
          ">",
          eb.ref("items.overlap"),
        ),
      )
      .execute();
    const report = await verifyAudit(
      store.db,
      store.key.publicKey,
      readCheckpoints(store.checkpointFile).checkpoints,
    );
    return {
      stored: rows.length,
      lost: [...acknowledged].filter((id) => !ids.has(id)).length,
      doubled: rows.length - pairs.size,
      overshot: overshot.length,
      auditProblems: report.problemCount,
      auditEntries: report.entries,
    };
  } finally {
    await store.close();
  }
}

/** The value below which a share of the sorted values lies (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
