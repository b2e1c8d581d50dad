import { groupBy } from "../../../base/group-by.js";
import { USES } from "../../../votes/judgement/index.js";
import type { Answer } from "../../../votes/tasks/index.js";
import { isDecided, type SignedVote, signsOf } from "../../assign/stopping.js";
import type { Write } from "../audit/writer.js";
import { countsFor, isLatest } from "../database/counting-sql.js";
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";
import type { Project } from "../projects/projects.js";

/**
 * Marks items of a project with early stopping as decided, or reopens them, by the votes that count now. An item is
 * decided when every question of its votes is. Call this before recounting the items.
 */
export async function decideItems(write: Write, project: Project, itemIds: readonly string[]): Promise<void> {
  if (project.settings.stop !== undefined) await decideAnew(write, project, itemIds);
}

/** The same after the rule was changed: without early stopping every decided item is reopened. */
export async function decideAnew(
  { db, audit }: Write,
  { settings: { stop } }: Project,
  itemIds: readonly string[],
): Promise<void> {
  if (itemIds.length === 0) return;
  const items = await db
    .selectFrom("items")
    .select(["id", "state", "asked"])
    .where(among(db, "id", itemIds))
    .where("state", "in", ["open", "decided"])
    .where("gold_json", "is", null)
    // What a lead has decided stays so.
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("adjudications").select("item_id").whereRef("adjudications.item_id", "=", "items.id"),
        ),
      ),
    )
    .execute();
  const rows = stop === undefined ? [] : await stoppingVotes(db, itemIds);
  const votes = groupBy(rows, ({ item_id }) => item_id);
  for (const { id, state, asked } of items) {
    const own = votes.get(id) ?? [];
    const decided = stop !== undefined && own.length >= (asked ?? 0) && isItemDecided(own, stop);
    if (decided === (state === "decided")) continue;
    await db
      .updateTable("items")
      .set({ state: decided ? "decided" : "open" })
      .where("id", "=", id)
      .execute();
    audit("system", decided ? "item.decided" : "item.reopened", id, { votes: own.length });
  }
}

/** Whether every question of an item's votes is decided. */
function isItemDecided(
  votes: Awaited<ReturnType<typeof stoppingVotes>>,
  stop: NonNullable<Project["settings"]["stop"]>,
): boolean {
  const questions = new Map<string, SignedVote[]>();
  for (const vote of votes) {
    const signs = signsOf(JSON.parse(vote.answer_json) as Answer) ?? {};
    for (const [question, sign] of Object.entries(signs)) {
      const reliability = vote.reliability ?? stop.reliability;
      questions.set(question, [...(questions.get(question) ?? []), { sign, reliability }]);
    }
  }
  return questions.size > 0 && [...questions.values()].every((own) => isDecided(own, stop));
}

/** The latest form of each judgement that counts for stopping, with its rater's reliability. */
function stoppingVotes(db: Queries, itemIds: readonly string[]) {
  return db
    .selectFrom("votes")
    .innerJoin("memberships", (join) =>
      join
        .onRef("memberships.project_id", "=", "votes.project_id")
        .onRef("memberships.rater_id", "=", "votes.rater_id"),
    )
    .select(["votes.item_id", "votes.answer_json", "memberships.reliability"])
    .where(among(db, "votes.item_id", itemIds))
    .where(isLatest)
    .where(countsFor(USES.stopping))
    .orderBy("votes.seq")
    .execute();
}
