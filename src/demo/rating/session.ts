/**
 * Simulated raters vote on pairs of responses over the HTTP API of a feedback server with its own database.
 *
 * The votes depend only on the seed, not on the network or the clock. Pairs arrive in batches; for each batch the
 * raters are drawn into panels, and all members of a panel, and nobody else, judge its items, so that it does not
 * matter who asks first. Sides and noise are drawn by a rater's number and the number of items it had before, and
 * judgements are sorted before they are aggregated. From there the votes are processed like any project's.
 */

import { PlumbError } from "../../base/errors.js";
import { RandomStream } from "../../base/random.js";
import { loadProject, MAX_ITEMS_AT_ONCE } from "../../feedback/store/index.js";
import { projects } from "../../server/contract/index.js";
import {
  type FeedbackClient,
  localLead,
  RaterClient,
  type RunningServer,
  ServerSettings,
  startServer,
} from "../../server/index.js";
import type { PreferenceMethod, RaterReport } from "../../votes/aggregate/index.js";
import {
  aggregateQuestion,
  counting,
  type JudgedPreference,
  type Judgement,
  preferenceRows,
  questionOf,
  USES,
} from "../../votes/judgement/index.js";
import {
  ASSISTANT_VALUES,
  type RaterKind,
  type SimulatedPoolConfig,
  simulatedRaters,
} from "../../votes/simulate/index.js";
import { TaskDefinition } from "../../votes/tasks/index.js";
import { drawPanels } from "./panels.js";

export interface RatingPlan {
  /** SQLite file; it is created. */
  database: string;
  pool: SimulatedPoolConfig;
  /** Raters who see each pair: the size of a panel. */
  votesPerPair: number;
  method: PreferenceMethod;
  seed: number;
}

/** Two responses with different texts. */
export interface RatedPair {
  prompt: string;
  left: string;
  right: string;
}

/** What is known about a rater afterwards; its kind is known only because it is simulated. */
interface RaterSummary {
  rater: string;
  kind: RaterKind;
  votes: number;
  /** How often it is right, in [0, 1], estimated from the votes, with a 95% interval. */
  reliability: { estimate: number; low: number; high: number };
  flags: { kind: string; reason: string }[];
}

/** A row for training that names its pair instead of the item, whose id differs from run to run. */
export interface RatedPreference extends Omit<JudgedPreference, "item"> {
  /** The pair's number, in the order in which pairs arrived. */
  pair: number;
  better: "left" | "right";
}

export interface RatingOutcome {
  votes: number;
  /** Of the pairs with a better side, in the order of pairs. */
  preferences: RatedPreference[];
  raters: RaterSummary[];
}

/** The only aspect that is asked about. */
const ASPECT = "overall";
const task = TaskDefinition.parse({ kind: "pairwise", strengths: 1, rationale: "off", flags: false });
const GUIDELINES =
  "Choose the answer that helps more, says nothing false and does no harm. Refuse only what is harmful.";
/** No rate limit in effect: simulated raters ask as fast as they are answered. */
const UNLIMITED = 10_000_000;

export class RatingSession {
  /** The number of each pair, by the id that the server gave its item. */
  private readonly numbers = new Map<string, number>();
  private batches = 0;

  private constructor(
    private readonly plan: RatingPlan,
    private readonly server: RunningServer,
    private readonly lead: FeedbackClient,
    private readonly project: string,
    private readonly raters: readonly RaterClient[],
  ) {}

  /**
   * Starts the server on a free port of this machine, creates the project and admits the raters, one after another.
   *
   * @throws PlumbError if the pool is smaller than a panel, or the database cannot be created.
   */
  static async open(plan: RatingPlan): Promise<RatingSession> {
    const { pool, votesPerPair } = plan;
    if (pool.raters < votesPerPair)
      throw new PlumbError(`${pool.raters} raters cannot cast ${votesPerPair} votes on each pair.`, {
        hint: `Ask for at most ${pool.raters} votes a pair.`,
      });
    const limits = { account: UNLIMITED, address: UNLIMITED, signIn: UNLIMITED };
    const server = await startServer({
      ...{ database: plan.database, host: "127.0.0.1", port: 0, logLevel: "silent" },
      settings: ServerSettings.parse({ limits }),
    });
    try {
      const lead = await localLead(server, "demo");
      const { id: project } = await lead.call(projects.createProject, {
        body: {
          ...{ name: "demo", task, guidelines: GUIDELINES, seed: plan.seed },
          settings: { overlap: votesPerPair },
        },
      });
      const raters: RaterClient[] = [];
      for (const rater of simulatedRaters(pool, ASSISTANT_VALUES, plan.seed))
        raters.push(
          await RaterClient.join(lead, rater, { url: server.origin, project, task, seed: plan.seed }),
        );
      return new RatingSession(plan, server, lead, project, raters);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Has every pair judged; resolves when all are. */
  async rate(pairs: readonly RatedPair[]): Promise<void> {
    for (let start = 0; start < pairs.length; start += MAX_ITEMS_AT_ONCE)
      await this.rateBatch(pairs.slice(start, start + MAX_ITEMS_AT_ONCE));
  }

  private async rateBatch(pairs: readonly RatedPair[]): Promise<void> {
    // 1. Draw the panels, and deal the items out to them in turn.
    const { project, lead } = this;
    const random = new RandomStream(this.plan.seed, "demo/rating/panels", this.batches++);
    const panels = drawPanels(this.raters.length, this.plan.votesPerPair, random);
    const name = (panel: number) => `panel ${panel + 1}`;
    const working = panels.flatMap((members, p) =>
      members.map((at) => ({ rater: this.raters[at], panel: p })),
    );
    await Promise.all(
      working.map(({ rater, panel }) =>
        lead.call(projects.moveMember, {
          params: { project, rater: rater.id },
          body: { group: name(panel) },
        }),
      ),
    );
    const first = this.numbers.size;
    const { ids } = await lead.call(projects.importItems, {
      params: { project },
      body: {
        items: pairs.map(({ prompt, left, right }, i) => ({
          content: {
            prompt,
            responses: [left, right].map((text, side) => ({ name: `${first + i + 1}.${side + 1}`, text })),
          },
          audience: name(i % panels.length),
        })),
      },
    });
    for (const [i, id] of ids.entries()) this.numbers.set(id, first + i);
    // 2. Rounds: each rater takes as many items as it may hold and judges them.
    for (let busy = working; busy.length > 0; ) {
      const taken = await Promise.all(busy.map(({ rater }) => rater.take(Number.POSITIVE_INFINITY)));
      await Promise.all(busy.map(({ rater }, i) => rater.judgeAll(taken[i])));
      busy = busy.filter((_, i) => taken[i].length > 0);
    }
  }

  /** Aggregates the votes, and closes the project and the server. */
  async finish(): Promise<RatingOutcome> {
    const { method, seed } = this.plan;
    try {
      const { judgements } = await loadProject(this.server.services.store.db, this.project);
      const params = { project: this.project };
      await this.lead.call(projects.changeProject, { params, body: { state: "closed" } });
      const question = questionOf(this.inFixedOrder(counting(judgements, USES.raters)), ASPECT);
      // No simulated rater sees another's vote, and the order in which votes arrive is the network's.
      const time = new Float64Array(question?.time.length ?? 0);
      const made = question && aggregateQuestion({ ...question, time }, { method, seed });
      if (question === undefined || made?.kind !== "pairs") throw new PlumbError("Nobody voted on any pair.");
      // The first response of an item is its pair's left one.
      const left = new Set(
        made.aggregate.preferences.flatMap(({ item, probability }) => (probability > 0.5 ? [item] : [])),
      );
      return {
        votes: question.from.length,
        preferences: preferenceRows(question, made.aggregate).map(({ item, ...row }) => ({
          ...row,
          pair: this.numbers.get(item) as number,
          better: left.has(item) ? "left" : "right",
        })),
        raters: this.summaries(made.aggregate.raters),
      };
    } finally {
      await this.close();
    }
  }

  /** Stops the server; the votes stay in the database. */
  async close(): Promise<void> {
    for (const client of [this.lead, ...this.raters]) client.close();
    await this.server.stop();
  }

  private summaries(reports: readonly RaterReport[]): RaterSummary[] {
    const reportOf = new Map(reports.map((report) => [report.rater, report]));
    return this.raters.flatMap(({ id, rater }) => {
      const report = reportOf.get(id);
      if (report === undefined) return [];
      const { estimate, low, high } = report.skill;
      return [
        {
          rater: rater.id,
          kind: rater.kind,
          votes: report.votes,
          reliability: { estimate, low, high },
          flags: report.flags.map(({ kind, reason }) => ({ kind, reason })),
        },
      ];
    });
  }

  /** Judgements sorted by pair and rater, so that aggregation numbers items and raters the same in every run. */
  private inFixedOrder(judgements: readonly Judgement[]): Judgement[] {
    const members = new Map(this.raters.map(({ id }, number) => [id, number]));
    const place = ({ vote }: Judgement) => ({
      pair: this.numbers.get(vote.item) as number,
      member: members.get(vote.rater) as number,
    });
    return judgements
      .map((judgement) => ({ judgement, ...place(judgement) }))
      .sort((a, b) => a.pair - b.pair || a.member - b.member)
      .map(({ judgement }) => judgement);
  }
}
