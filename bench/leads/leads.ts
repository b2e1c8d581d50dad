/** Raters who vote while leads search, export and analyse a large project: how long the raters' requests take. */
import { RandomStream } from "../../src/base/random.js";
import { FeedbackClient } from "../../src/server/client.js";
import { accounts, projects } from "../../src/server/contract/index.js";
import { KeepAliveClient } from "../load/keep-alive-client.js";
import { acceptInvitation, type LoadDatabase, PASSWORD } from "../load/load.js";
import { startServerProcess } from "../load/server-process.js";

export interface LeadsPlan {
  items: number;
  /** Characters of an item's texts. */
  characters: number;
  raters: number;
  /** Searches of one lead that are under way all the time. */
  searches: number;
  /** Mean milliseconds that a rater takes for a verdict, drawn from 0.5 to 1.5 times that. */
  pause: number;
  /** How long is measured without leads, and then with them. */
  alone: number;
  seconds: number;
}

export interface LeadsResult {
  /** Milliseconds from sending to the answer of the raters' requests: votes, and requests for items. */
  alone: number[];
  beside: number[];
  /** Milliseconds of each search, and how often votes were exported and the project was analysed meanwhile. */
  searches: number[];
  exports: number;
  analyses: number;
}

/** Items of one import. */
const TOGETHER = 5000;
const ANALYSES = ["agreement", "raters", "training-rows", "preferences", "forecast"];

export async function runLeads(database: LoadDatabase, plan: LeadsPlan): Promise<LeadsResult> {
  const server = await startServerProcess(database, 0);
  const admin = new FeedbackClient({ url: server.url });
  try {
    await admin.acceptInvitation({ token: server.firstAdmin ?? "", login: "admin", password: PASSWORD });
    const project = await largeProject(admin, plan);
    const port = Number(new URL(server.url).port);
    const raters = await Promise.all(
      Array.from({ length: plan.raters }, async (_, i) => {
        const { token } = await admin.call(accounts.inviteToProject, { params: { project }, body: {} });
        return new KeepAliveClient(port, await acceptInvitation(server.url, token, `rater${i}`));
      }),
    );
    const { token } = await admin.call(accounts.inviteAccount, { body: { role: "lead" } });
    const lead = await acceptInvitation(server.url, token, "lead");
    const [account] = (await admin.call(accounts.listAccounts, {})).accounts.filter(
      ({ role }) => role === "lead",
    );
    await admin.call(projects.addStaff, { params: { project, account: account.id } });

    const alone = await rateFor({ ...plan, seconds: plan.alone }, project, raters, 1);
    const asking = new AbortController();
    const asked = { searches: [] as number[], exports: 0, analyses: 0 };
    const ask = async (path: string) => {
      const began = performance.now();
      const answer = await fetch(`${server.url}/api/v1/projects/${project}${path}`, {
        headers: lead,
        signal: asking.signal,
      });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
      return performance.now() - began;
    };
    const untilAborted = (work: (i: number) => Promise<void>) =>
      (async () => {
        for (let i = 0; !asking.signal.aborted; i++) await work(i);
      })().catch((error: unknown) => {
        if (!asking.signal.aborted) throw error;
      });
    const leads = [
      ...Array.from({ length: plan.searches }, (_, lane) =>
        untilAborted(async (i) => {
          asked.searches.push(await ask(`/items?limit=100&search=nowhere-${lane}-${i}`));
        }),
      ),
      untilAborted(async () => {
        await ask("/votes");
        asked.exports++;
      }),
      untilAborted(async (i) => {
        await ask(`/${ANALYSES[i % ANALYSES.length]}`);
        asked.analyses++;
      }),
    ];
    const beside = await rateFor(plan, project, raters, 2);
    asking.abort();
    await Promise.all(leads);
    for (const client of raters) client.close();
    return { alone, beside, ...asked };
  } finally {
    admin.close();
    await server.stop();
  }
}

async function largeProject(admin: FeedbackClient, { items, characters }: LeadsPlan): Promise<string> {
  const { id: project } = await admin.call(projects.createProject, {
    body: { name: "large", task: { kind: "pairwise" }, settings: { overlap: 2 }, seed: 7 },
  });
  const words = "the answer of a model to this question, in some words that are like any others ";
  const text = words.repeat(Math.ceil(characters / 2 / words.length)).slice(0, characters / 2);
  for (let start = 0; start < items; start += TOGETHER) {
    const part = Array.from({ length: Math.min(TOGETHER, items - start) }, (_, i) => ({
      content: {
        prompt: `Question ${start + i}: which of the two answers is better?`,
        responses: ["a", "b"].map((name) => ({ name, text: `${name} ${start + i}: ${text}` })),
      },
    }));
    await admin.call(projects.importItems, { params: { project }, body: { items: part } });
  }
  return project;
}

/** @returns the milliseconds of each request. */
async function rateFor(
  { pause, seconds }: LeadsPlan,
  project: string,
  raters: readonly KeepAliveClient[],
  round: number,
): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + 1000 * seconds;
  const post = async <T>(client: KeepAliveClient, path: string, body: unknown): Promise<T> => {
    const began = performance.now();
    const answer = await client.post<T>(path, body);
    times.push(performance.now() - began);
    return answer;
  };
  await Promise.all(
    raters.map(async (client, rater) => {
      const random = new RandomStream(round, "leads/pauses", rater);
      while (performance.now() < end) {
        const taken = { count: 5 };
        const { leases } = await post<{ leases: { id: string }[] }>(
          client,
          `/projects/${project}/leases`,
          taken,
        );
        for (const { id } of leases) {
          await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + random.uniform())));
          const answer = { kind: "pairwise", aspects: { overall: { verdict: "left" } } };
          await post(client, `/leases/${id}/vote`, { answer, milliseconds: 1500, client: "leads" });
        }
      }
    }),
  );
  return times;
}
