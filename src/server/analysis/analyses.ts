import { createHash } from "node:crypto";
import type { AnalysisRequest, AnalysisResults } from "../../feedback/report/index.js";
import type { Queries } from "../../feedback/store/database.js";
import type { AnalysisRunner } from "./runner.js";

/** Results that are kept, of all projects. */
const MOST_KEPT = 100;

/** Analyses of projects: each is computed once for one state of its project, however many ask. */
export class Analyses {
  /** By project, state and request, the latest asked last; those that are being computed too. */
  private readonly kept = new Map<string, Promise<unknown>>();

  constructor(
    private readonly db: Queries,
    private readonly runner: AnalysisRunner,
  ) {}

  /** @throws StoreError as the analysis does; RequestError 503: too much is asked, or it takes too long. */
  async ask<R extends AnalysisRequest>(project: string, request: R): Promise<AnalysisResults[R["kind"]]> {
    const stamp = await projectStamp(this.db, project);
    const key = JSON.stringify([project, stamp, request]);
    const known = this.kept.get(key);
    this.kept.delete(key);
    const result = known ?? this.runner.run({ project, stamp, request });
    this.kept.set(key, result);
    if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value as string);
    if (known === undefined) result.catch(() => this.kept.delete(key));
    return result as Promise<AnalysisResults[R["kind"]]>;
  }

  close(): Promise<void> {
    return this.runner.close();
  }
}

/** Another text whenever votes, reviews, members, items or settings of the project are others. */
async function projectStamp(db: Queries, project: string): Promise<string> {
  const votes = await db
    .selectFrom("votes")
    .select("seq")
    .where("project_id", "=", project)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  const reviews = await db
    .selectFrom("reviews")
    .select((eb) => [
      eb.fn.countAll<number>().as("n"),
      eb.fn.max("decided_at").as("decided"),
      eb.fn.count<number>("decided_at").as("decisions"),
    ])
    .where("project_id", "=", project)
    .executeTakeFirst();
  const members = await db
    .selectFrom("memberships")
    .select(["rater_id", "state", "state_reason", "group_name"])
    .where("project_id", "=", project)
    .orderBy("rater_id")
    .execute();
  const items = await db
    .selectFrom("items")
    .select(["state", (eb) => eb.fn.countAll<number>().as("n")])
    .where("project_id", "=", project)
    .groupBy("state")
    .orderBy("state")
    .execute();
  const row = await db
    .selectFrom("projects")
    .select(["state", "settings_json"])
    .where("id", "=", project)
    .executeTakeFirst();
  return createHash("sha256")
    .update(JSON.stringify([votes, reviews, members, items, row]))
    .digest("hex");
}
