import type { Judgement } from "../../../votes/judgement/index.js";
import type { Answer, ItemContent, TaskItem } from "../../../votes/tasks/index.js";
import { openExistingDatabase, type Queries } from "../database/database.js";
import { adjudicationsOf } from "../items/adjudications.js";
import { migrate } from "../migrate.js";
import { findProject, type Project } from "../projects/projects.js";
import { StoreError } from "../store-error.js";
import { type ExportedVote, exportVotes, reviewStates, voteRows } from "./export-votes.js";
import { toCastVote } from "./vote.js";

/** Most votes and items of a project that are loaded at once; more would not fit into memory next to a server. */
const MAX_VOTES = 2_000_000;
const MAX_ITEMS = 500_000;
const PAGE = 1000;

/** An item as analyses read it. */
export interface ProjectItem extends TaskItem {
  state: string;
  overlap: number;
  /** Votes that count towards the overlap. */
  votes: number;
}

/** A rater in a project as analyses read it. */
export interface ProjectMember {
  group?: string;
  state: string;
  reason?: string;
}

/** A project with all judgements of its raters. */
export interface ProjectData {
  project: Project;
  /** In order of arrival. */
  items: ReadonlyMap<string, ProjectItem>;
  /** In the order in which their latest forms were cast, including gold, repeats, and held and rejected ones. */
  judgements: readonly Judgement[];
  members: ReadonlyMap<string, ProjectMember>;
  /** Number of the last vote; 0 if there is none. */
  asOf: number;
}

/** @throws StoreError missing; conflict: the project has more votes or items than can be loaded. */
export async function loadProject(db: Queries, id: string): Promise<ProjectData> {
  const project = await findProject({ db }, id);
  const members = await loadMembers(db, id);
  const items = await loadItems(db, project);
  const { judgements, asOf } = await loadJudgements(db, id, members, items);
  return { project, items, judgements, members, asOf };
}

/**
 * Opens an existing database, migrates it, loads a project and closes the database.
 *
 * @param location as `databaseLocation` returns it.
 * @throws PlumbError
 */
export async function readProject(location: string, id: string): Promise<ProjectData> {
  const database = await openExistingDatabase(location);
  try {
    await migrate(database);
    return await loadProject(database.db, id);
  } finally {
    await database.db.destroy();
  }
}

/**
 * All votes of a project in an existing database, corrected ones too, and its items, those that a file of them needs.
 *
 * @throws PlumbError
 */
export async function readRawProject(
  location: string,
  id: string,
): Promise<{ items: TaskItem[]; votes: ExportedVote[] }> {
  const database = await openExistingDatabase(location);
  try {
    await migrate(database);
    const project = await findProject(database, id);
    const votes: ExportedVote[] = [];
    for await (const vote of exportVotes(database, id)) {
      if (votes.push(vote) > MAX_VOTES) throw tooMuch("votes", MAX_VOTES);
    }
    const items = [...(await loadItems(database.db, project)).values()].map(
      ({ id: item, task, content, gold }): TaskItem => ({ id: item, task, content, ...(gold && { gold }) }),
    );
    return { items, votes };
  } finally {
    await database.db.destroy();
  }
}

async function loadMembers(db: Queries, project: string): Promise<Map<string, ProjectMember>> {
  const rows = await db
    .selectFrom("memberships")
    .select(["rater_id", "group_name", "state", "state_reason"])
    .where("project_id", "=", project)
    .orderBy("joined_at")
    .orderBy("rater_id")
    .execute();
  return new Map(
    rows.map(({ rater_id, group_name, state, state_reason }) => [
      rater_id,
      {
        ...(group_name !== null && { group: group_name }),
        state,
        ...(state_reason !== null && { reason: state_reason }),
      },
    ]),
  );
}

async function loadItems(db: Queries, { id: project, task }: Project): Promise<Map<string, ProjectItem>> {
  const items = new Map<string, ProjectItem>();
  const verdicts = await adjudicationsOf({ db }, project);
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom("items")
      .select(["id", "position", "content_json", "gold_json", "state", "overlap", "votes"])
      .where("project_id", "=", project)
      .where("position", ">", after)
      .orderBy("position")
      .limit(PAGE)
      .execute();
    for (const { id, content_json, gold_json, state, overlap, votes } of rows) {
      const adjudicated = verdicts.get(id);
      items.set(id, {
        id,
        task,
        state,
        overlap,
        votes,
        content: JSON.parse(content_json) as ItemContent,
        ...(gold_json !== null && { gold: JSON.parse(gold_json) as Answer }),
        ...(adjudicated && { adjudicated }),
      });
    }
    if (items.size > MAX_ITEMS) throw tooMuch("items", MAX_ITEMS);
    if (rows.length < PAGE) return items;
    after = rows[rows.length - 1].position;
  }
}

async function loadJudgements(
  db: Queries,
  project: string,
  members: ReadonlyMap<string, ProjectMember>,
  items: ReadonlyMap<string, ProjectItem>,
): Promise<{ judgements: Judgement[]; asOf: number }> {
  const reviews = await reviewStates(db, project);
  const judgements: Judgement[] = [];
  const firstAt = new Map<string, number>();
  let asOf = 0;
  for await (const { row, corrected } of voteRows(db, project)) {
    asOf = row.seq;
    if (row.corrects === null) firstAt.set(row.lease_id, row.cast_at);
    const item = items.get(row.item_id);
    // Items added after the items were read are left out.
    if (corrected || item === undefined) continue;
    const review = reviews.get(row.lease_id);
    judgements.push({
      vote: toCastVote(row),
      item,
      gold: row.gold === 1,
      firstAt: firstAt.get(row.lease_id) ?? row.cast_at,
      excluded: members.get(row.rater_id)?.state === "excluded",
      ...(review && { review }),
    });
    if (judgements.length > MAX_VOTES) throw tooMuch("votes", MAX_VOTES);
  }
  return { judgements, asOf };
}

const tooMuch = (what: string, most: number) =>
  new StoreError(
    "conflict",
    `The project has more than ${most} ${what}, too many to analyse here.`,
    "Export its votes, then run plumb aggregate and plumb agreement.",
  );
