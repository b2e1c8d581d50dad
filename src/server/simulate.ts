/** Simulated raters over HTTP: each accepts an invitation, takes items and answers them one after another, like a person. */
import { randomBytes } from "node:crypto";
import type { RaterKind, SimulatedRater } from "../feedback/simulate/index.js";
import type { TaskDefinition } from "../feedback/tasks/index.js";
import { hashName, RandomStream } from "../random.js";
import { FeedbackClient } from "./client.js";
import { accounts, projects, work } from "./contract/index.js";

/** Items that a rater holds at once. */
const AHEAD = 5;

export interface SimulationPlan {
  url: string;
  project: string;
  raters: readonly SimulatedRater[];
  /** Most votes of each rater. */
  votesPerRater: number;
  seed: number;
  signal?: AbortSignal;
  onVote?(): void;
}

/** A simulated rater under the pseudonym that the server gave it. */
export interface SimulatedWork {
  rater: string;
  kind: RaterKind;
  votes: number;
}

/**
 * Has raters work in a project, all at once, until nothing is left for any of them. What each does with its n-th item follows
 * from the seed; which item that is, and so the whole, depends on who asks first.
 *
 * @param lead a client that may invite to the project.
 */
export async function simulateRaters(lead: FeedbackClient, plan: SimulationPlan): Promise<SimulatedWork[]> {
  const { project, url, raters } = plan;
  const { task } = await lead.call(projects.getProject, { params: { project } });
  return Promise.all(
    raters.map(async (rater) => {
      const { token } = await lead.call(accounts.inviteToProject, { params: { project }, body: {} });
      const client = new FeedbackClient({ url });
      try {
        const login = `${rater.id}-${randomBytes(4).toString("hex")}`;
        const password = randomBytes(18).toString("base64url");
        const { account } = await client.acceptInvitation({ token, login, password });
        return {
          rater: account.rater,
          kind: rater.kind,
          votes: await rateUntilDone(client, rater, task, plan),
        };
      } finally {
        client.close();
      }
    }),
  );
}

async function rateUntilDone(
  client: FeedbackClient,
  rater: SimulatedRater,
  task: TaskDefinition,
  { project, votesPerRater, seed, signal, onVote }: SimulationPlan,
): Promise<number> {
  let votes = 0;
  while (votes < votesPerRater) {
    signal?.throwIfAborted();
    const count = Math.min(AHEAD, votesPerRater - votes);
    const { leases } = await client.call(work.takeItems, { params: { project }, body: { count } });
    if (leases.length === 0) break;
    for (const { id, prompt, responses } of leases.slice(0, count)) {
      const random = new RandomStream(seed, "server/simulate/vote", hashName(`${rater.id} ${votes}`));
      const view = { task, prompt, responses: responses.map((text) => ({ text })) };
      const { answer, milliseconds } = rater.rate(view, random);
      const body = { answer, milliseconds: Math.round(milliseconds), client: "simulated" };
      await client.call(work.castVote, { params: { lease: id }, body });
      votes++;
      onVote?.();
    }
  }
  return votes;
}
