/** Simulated raters over HTTP: each accepts an invitation, takes items and answers them, as a person would. */
import { randomBytes } from "node:crypto";
import { hashName, RandomStream } from "../base/random.js";
import { MAX_LEASES } from "../feedback/store/index.js";
import type { RaterKind, SimulatedRater } from "../votes/simulate/index.js";
import type { TaskDefinition } from "../votes/tasks/index.js";
import { ClientError, FeedbackClient } from "./client.js";
import { accounts, projects, work } from "./contract/index.js";

/** Simulated raters who vote in a project over HTTP. */
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
 * Has raters work in a project, all at the same time, until nothing is left for any of them. What each does with its
 * n-th item follows from the seed; which item that is depends on who asks first, so two runs may differ.
 *
 * @param lead a client that may invite to the project.
 */
export async function simulateRaters(lead: FeedbackClient, plan: SimulationPlan): Promise<SimulatedWork[]> {
  const { project, raters, votesPerRater, signal, onVote } = plan;
  const { task } = await lead.call(projects.getProject, { params: { project } });
  return Promise.all(
    raters.map(async (simulated) => {
      const worker = await RaterClient.join(lead, simulated, { ...plan, task });
      try {
        while (worker.votes < votesPerRater) {
          signal?.throwIfAborted();
          const taken = await worker.take(votesPerRater - worker.votes);
          if (taken.length === 0) break;
          for (const lease of taken) {
            signal?.throwIfAborted();
            await worker.judge(lease);
            onVote?.();
          }
        }
        return { rater: worker.id, kind: simulated.kind, votes: worker.votes };
      } finally {
        worker.close();
      }
    }),
  );
}

/** Attempts in all, and milliseconds between them, while no answer arrives. */
const TRIES = 5;
const BETWEEN_TRIES = 200;

/** Asks again when an answer was lost, which is safe: held items are given again, and a repeated vote counts once. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ClientError) || error.status !== 0 || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES));
    }
  }
}

/** An item that a rater took to judge. */
export type TakenLease = Awaited<ReturnType<RaterClient["take"]>>[number];

/** One simulated rater's connection to the server. */
export class RaterClient {
  /** Votes cast, including those being sent. */
  votes = 0;

  private constructor(
    /** The pseudonym that the server gave. */
    readonly id: string,
    readonly rater: SimulatedRater,
    private readonly client: FeedbackClient,
    private readonly plan: { project: string; task: TaskDefinition; seed: number },
  ) {}

  /** Accepts an invitation of its own. @param lead a client that may invite to the project. */
  static async join(
    lead: FeedbackClient,
    rater: SimulatedRater,
    plan: { url: string; project: string; task: TaskDefinition; seed: number },
  ): Promise<RaterClient> {
    const { project, url } = plan;
    const { token } = await lead.call(accounts.inviteToProject, { params: { project }, body: {} });
    const client = new FeedbackClient({ url });
    try {
      const login = `${rater.id}-${randomBytes(4).toString("hex")}`;
      const password = randomBytes(18).toString("base64url");
      const { account } = await client.acceptInvitation({ token, login, password });
      return new RaterClient(account.rater, rater, client, plan);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** The next items, at most as many as a rater may hold. */
  async take(most: number) {
    const count = Math.min(MAX_LEASES, most);
    const { project } = this.plan;
    const { leases } = await untilAnswered(() =>
      this.client.call(work.takeItems, { params: { project }, body: { count } }),
    );
    return leases.slice(0, count);
  }

  /** Judges an item and votes. The random stream is named by the rater and the number of items it judged before. */
  async judge(lease: TakenLease): Promise<void> {
    const { lease: id, ...body } = this.verdict(lease);
    await untilAnswered(() => this.client.call(work.castVote, { params: { lease: id }, body }));
  }

  /** Judges items as `judge` does, and sends the votes in one request. @throws ClientError when a vote is refused. */
  async judgeAll(leases: readonly TakenLease[]): Promise<void> {
    if (leases.length === 0) return;
    const body = { votes: leases.map((lease) => this.verdict(lease)) };
    const { votes } = await untilAnswered(() => this.client.call(work.castVotes, { body }));
    for (const vote of votes)
      if ("error" in vote) throw new ClientError(vote.status, vote.error.message, vote.error.hint);
  }

  private verdict({ id, prompt, responses }: TakenLease) {
    const { task, seed } = this.plan;
    const random = new RandomStream(
      seed,
      "server/simulate/vote",
      hashName(`${this.rater.id} ${this.votes++}`),
    );
    const view = { task, prompt, responses: responses.map((text) => ({ text })) };
    const { answer, milliseconds } = this.rater.rate(view, random);
    return { lease: id, answer, milliseconds: Math.round(milliseconds), client: "simulated" };
  }

  close(): void {
    this.client.close();
  }
}
