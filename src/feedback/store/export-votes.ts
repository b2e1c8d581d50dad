import { type CastVote, type ItemContent, preferenceOutcome } from "../tasks/index.js";
import { type Comparisons, comparisons, type LabelVotes, labelVotes } from "../votes.js";
import type { Queries } from "./database.js";
import { findProject } from "./projects.js";
import type { Tables } from "./tables.js";
import { toCastVote } from "./vote.js";

/** Votes read at once. */
const PAGE = 1000;

/** Every vote of a project in the order in which they were taken, corrections after what they correct; a page at a time. */
export async function* exportVotes(store: { db: Queries }, project: string): AsyncGenerator<CastVote> {
  for await (const { row } of voteRows(store.db, project)) yield toCastVote(row);
}

/**
 * The votes that count: of each judgement the latest correction, without those that a reviewer rejected
 * and those of excluded raters. In the order of their
 * rows, hidden repeats left out unless `repeats`.
 *
 * @param held whether votes that a filter holds for review count meanwhile.
 */
export async function* countingVotes(
  store: { db: Queries },
  project: string,
  { held = true, repeats = false }: { held?: boolean; repeats?: boolean } = {},
): AsyncGenerator<CastVote> {
  const out = new Set<string>();
  const reviews = await store.db
    .selectFrom("reviews")
    .select("lease_id")
    .where("project_id", "=", project)
    .where("state", "in", held ? ["rejected"] : ["rejected", "held"])
    .execute();
  for (const { lease_id } of reviews) out.add(lease_id);
  const excluded = await store.db
    .selectFrom("memberships")
    .select("rater_id")
    .where("project_id", "=", project)
    .where("state", "=", "excluded")
    .execute();
  const silent = new Set(excluded.map(({ rater_id }) => rater_id));
  for await (const { row, corrected } of voteRows(store.db, project)) {
    if (corrected || out.has(row.lease_id) || silent.has(row.rater_id)) continue;
    const vote = toCastVote(row);
    if (repeats || !vote.repeat) yield vote;
  }
}

/**
 * Comparisons of responses by their names, from the votes that count: one aspect of comparisons, and every pair of a ranking. A
 * preference of strength s out of S has outcome 1/2 + s / 2S for its side; ties, and both being bad, 1/2.
 */
export async function exportComparisons(
  store: { db: Queries },
  projectId: string,
  aspect = "overall",
): Promise<Comparisons> {
  const { task } = await findProject(store, projectId);
  const names = await responseNames(store.db, projectId);
  const rows: { item: string; left: string; right: string; rater: string; outcome: number }[] = [];
  for await (const { item, rater, answer } of countingVotes(store, projectId)) {
    const shown = names.get(item) as string[];
    if (answer.kind === "pairwise" && answer.aspects[aspect] !== undefined) {
      const outcome = preferenceOutcome(answer.aspects[aspect], task.strengths);
      rows.push({ item, left: shown[0], right: shown[1], rater, outcome });
    }
    if (answer.kind !== "ranking") continue;
    for (const [i, rank] of answer.ranks.entries())
      for (const [d, other] of answer.ranks.slice(i + 1).entries())
        rows.push({
          ...{ item, left: shown[i], right: shown[i + 1 + d], rater },
          outcome: rank === other ? 0.5 : rank < other ? 1 : 0,
        });
  }
  return comparisons(rows);
}

/**
 * Labels of items from the votes that count: of safety tasks `safe` or `unsafe`, of comparisons the verdict on one aspect, in the
 * stored order of responses.
 */
export async function exportLabels(
  store: { db: Queries },
  project: string,
  aspect = "overall",
): Promise<LabelVotes> {
  const rows: { item: string; rater: string; label: string }[] = [];
  for await (const { item, rater, answer } of countingVotes(store, project)) {
    if (answer.kind === "safety") rows.push({ item, rater, label: answer.safe ? "safe" : "unsafe" });
    if (answer.kind !== "pairwise" || answer.aspects[aspect] === undefined) continue;
    rows.push({ item, rater, label: answer.aspects[aspect].verdict });
  }
  return labelVotes(rows);
}

/** Every row of a project's votes in the order of casting, read in pages, and whether a later row corrects it. */
export async function* voteRows(
  db: Queries,
  project: string,
): AsyncGenerator<{ row: Tables["votes"]; corrected: boolean }> {
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom("votes")
      .leftJoin("votes as later", "later.corrects", "votes.id")
      .selectAll("votes")
      .select("later.id as later_id")
      .where("votes.project_id", "=", project)
      .where("votes.seq", ">", after)
      .orderBy("votes.seq")
      .limit(PAGE)
      .execute();
    for (const { later_id, ...row } of rows) yield { row, corrected: later_id !== null };
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1].seq;
  }
}

/** Names of the responses of each item. */
async function responseNames(db: Queries, project: string): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom("items")
      .select(["id", "position", "content_json"])
      .where("project_id", "=", project)
      .where("position", ">", after)
      .orderBy("position")
      .limit(PAGE)
      .execute();
    for (const { id, content_json } of rows)
      names.set(
        id,
        (JSON.parse(content_json) as ItemContent).responses.map(({ name }) => name),
      );
    if (rows.length < PAGE) return names;
    after = rows[rows.length - 1].position;
  }
}
