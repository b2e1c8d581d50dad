/** Taking votes. Those that arrive together are checked with a few queries and written with a few more. */
import type { z } from "zod";
import { groupBy } from "../../../base/group-by.js";
import type { Write } from "../audit/writer.js";
import type { Queries } from "../database/database.js";
import { among, insertRows } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { newId } from "../ids.js";
import { recountItems } from "../items/recount.js";
import { decideItems } from "../items/stopping.js";
import { checkWorks, dayOf, type Member, presentMembers } from "../projects/members.js";
import { checkOpen, type Project, toProject } from "../projects/projects.js";
import { StoreError } from "../store-error.js";
import type { Outcome } from "./batcher.js";
import { auditedVote, storedAnswer, type TakenVote, toCastVote, type VoteRequest } from "./vote.js";

type CheckedVote = z.output<typeof VoteRequest>;
type VoteRow = Tables["votes"];

/** What a batch reads before it can take its votes. */
interface Known {
  leases: Map<string, Tables["leases"]>;
  /** The vote of each lease that has one. */
  votes: Map<string, VoteRow>;
  projects: Map<string, Project>;
  /** By the key "project rater". */
  members: Map<string, Member>;
  items: Map<string, string>;
}

export async function voteBatch(
  write: Write,
  requests: readonly CheckedVote[],
): Promise<Outcome<TakenVote>[]> {
  const { db } = write;
  const known = await load(db, requests);
  const taken: VoteRow[] = [];
  const outcomes = requests.map((request): Outcome<TakenVote> => {
    try {
      const { row, again } = takeVote(write, request, known);
      if (!again) taken.push(row);
      known.votes.set(row.lease_id, row);
      return { value: { vote: toCastVote(row), again } };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { error };
    }
  });
  if (taken.length === 0) return outcomes;
  await insertRows(db, "votes", taken);
  const leaseIds = taken.map(({ lease_id }) => lease_id);
  await db
    .updateTable("leases")
    .set({ state: "voted" })
    .where(among(db, "id", leaseIds))
    .execute();
  await db
    .deleteFrom("drafts")
    .where(among(db, "lease_id", leaseIds))
    .execute();
  await countVotes(write, taken);
  for (const [project, own] of groupBy(taken, ({ project_id }) => project_id))
    await decideItems(write, known.projects.get(project) as Project, itemsOf(own));
  await recountItems(db, itemsOf(taken));
  return outcomes;
}

const itemsOf = (votes: readonly VoteRow[]) => [...new Set(votes.map(({ item_id }) => item_id))];

async function load(db: Queries, requests: readonly CheckedVote[]): Promise<Known> {
  const ids = [...new Set(requests.map(({ lease }) => lease))];
  const leases = await db
    .selectFrom("leases")
    .selectAll()
    .where(among(db, "id", ids))
    .execute();
  const votes = await db
    .selectFrom("votes")
    .selectAll()
    .where(among(db, "lease_id", ids))
    .where("corrects", "is", null)
    .execute();
  const projectIds = [...new Set(leases.map(({ project_id }) => project_id))];
  const projects =
    projectIds.length === 0
      ? []
      : await db
          .selectFrom("projects")
          .selectAll()
          .where(among(db, "id", projectIds))
          .execute();
  const members = new Map<string, Member>();
  for (const [project, own] of groupBy(leases, ({ project_id }) => project_id))
    for (const [rater, member] of await presentMembers(db, project, [
      ...new Set(own.map(({ rater_id }) => rater_id)),
    ]))
      members.set(`${project} ${rater}`, member);
  const itemIds = [...new Set(leases.map(({ item_id }) => item_id))];
  const items =
    itemIds.length === 0
      ? []
      : await db
          .selectFrom("items")
          .select(["id", "state"])
          .where(among(db, "id", itemIds))
          .execute();
  return {
    leases: new Map(leases.map((lease) => [lease.id, lease])),
    votes: new Map(votes.map((vote) => [vote.lease_id, vote])),
    projects: new Map(projects.map((project) => [project.id, toProject(project)])),
    items: new Map(items.map(({ id, state }) => [id, state])),
    members,
  };
}

/** @throws StoreError when the vote cannot be taken; nothing is recorded then. */
function takeVote(
  { now, audit }: Write,
  request: CheckedVote,
  known: Known,
): { row: VoteRow; again: boolean } {
  const lease = known.leases.get(request.lease);
  if (lease === undefined) throw new StoreError("missing", `There is no lease ${request.lease}.`);
  if (lease.rater_id !== request.rater)
    throw new StoreError("forbidden", "The lease is another rater's.", "Request your own lease.");
  const project = known.projects.get(lease.project_id) as Project;
  const order = JSON.parse(lease.order_json) as number[];
  const before = known.votes.get(lease.id);
  if (before !== undefined) {
    if (before.answer_json === storedAnswer(request.answer, project.task, order))
      return { row: before, again: true };
    throw new StoreError(
      "conflict",
      "A different vote was already cast on this lease.",
      "Correct that vote instead.",
    );
  }
  checkOpen(project);
  const member = checkWorks(known.members.get(`${project.id} ${lease.rater_id}`));
  if (lease.state === "skipped")
    throw new StoreError("conflict", "The item was skipped.", "Continue with the next item.");
  if (known.items.get(lease.item_id) === "withdrawn")
    throw new StoreError("closed", "The item was withdrawn.", "Continue with the next item.");
  if (lease.state !== "live" || lease.expires_at <= now)
    throw new StoreError(
      "expired",
      "The lease has run out.",
      "Request the item again; a saved draft is kept.",
    );
  const row: VoteRow = {
    seq: 0,
    id: newId("v", now),
    project_id: lease.project_id,
    item_id: lease.item_id,
    rater_id: lease.rater_id,
    lease_id: lease.id,
    answer_json: storedAnswer(request.answer, project.task, order),
    order_json: lease.order_json,
    milliseconds: request.milliseconds ?? null,
    cast_at: now,
    guidelines_version: lease.guidelines_version,
    repeat_shown: lease.repeat_shown,
    gold: lease.gold,
    corrects: null,
    group_name: member.group_name,
    client: request.client ?? null,
  };
  row.seq = audit(`rater:${lease.rater_id}`, "vote.cast", row.id, auditedVote(row));
  return { row, again: false };
}

/**
 * Adds votes to the counts of the raters' memberships, for quotas. Raters with the same number of votes in the batch
 * share a query.
 */
async function countVotes({ db, now }: Write, taken: readonly VoteRow[]): Promise<void> {
  const today = dayOf(now);
  for (const [project, own] of groupBy(taken, ({ project_id }) => project_id)) {
    const byRater = groupBy(own, ({ rater_id }) => rater_id);
    for (const [count, raters] of groupBy(byRater, ([, votes]) => votes.length))
      await db
        .updateTable("memberships")
        .set((eb) => ({
          votes: eb("votes", "+", count),
          day_votes: eb
            .case()
            .when("day", "=", today)
            .then(eb("day_votes", "+", count))
            .else(count)
            .end(),
          day: today,
        }))
        .where("project_id", "=", project)
        .where(
          among(
            db,
            "rater_id",
            raters.map(([rater]) => rater),
          ),
        )
        .execute();
  }
}
