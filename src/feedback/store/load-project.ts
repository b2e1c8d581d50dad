import type { Answer, CastVote, ItemContent, TaskItem } from "../tasks/index.js";
import type { Queries } from "./database.js";
import { voteRows } from "./export-votes.js";
import { findProject, type Project } from "./projects.js";
import type { ReviewState } from "./reviews.js";
import { StoreError } from "./store-error.js";
import { toCastVote } from "./vote.js";

/** Most votes and items of a project that are looked at at once; more would not fit beside a server. */
export const MOST_VOTES = 2_000_000;
export const MOST_ITEMS = 500_000;
const PAGE = 1000;

/** The latest form of one judgement. */
export interface ReportVote extends CastVote {
  gold: boolean;
  /** When the judgement was first made, before corrections; Unix milliseconds. */
  firstAt: number;
  /** The strictest state of its reviews. */
  review?: ReviewState;
  /** Whether its rater is excluded. */
  excluded: boolean;
}

export interface ReportItem extends TaskItem {
  state: string;
  overlap: number;
  /** Votes that count towards the overlap. */
  votes: number;
}

export interface ReportMember {
  group?: string;
  state: string;
  reason?: string;
}

/** All that reports are made of. */
export interface ProjectData {
  project: Project;
  /** In the order of their arrival. */
  items: ReadonlyMap<string, ReportItem>;
  /** In the order in which they were taken; gold, repeats, held and rejected ones too. */
  votes: readonly ReportVote[];
  members: ReadonlyMap<string, ReportMember>;
  /** Number of the last vote, 0 if there is none. */
  asOf: number;
}

/** Votes that a result is made of: without repeats, gold items, what was rejected, and excluded raters. */
export const counts = (vote: ReportVote): boolean =>
  !vote.gold && !vote.repeat && !vote.excluded && vote.review !== "rejected";

/** Those, and votes on gold items: what an aggregate learns raters by. */
export const informs = (vote: ReportVote): boolean => counts(vote.gold ? { ...vote, gold: false } : vote);

/** @throws StoreError missing; conflict: there is more than fits. */
export async function loadProject(db: Queries, id: string): Promise<ProjectData> {
  const project = await findProject({ db }, id);
  const members = await loadMembers(db, id);
  const items = await loadItems(db, project);
  const { votes, asOf } = await loadVotes(db, id, members);
  return { project, items, votes, members, asOf };
}

async function loadMembers(db: Queries, project: string): Promise<Map<string, ReportMember>> {
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

async function loadItems(db: Queries, { id: project, task }: Project): Promise<Map<string, ReportItem>> {
  const items = new Map<string, ReportItem>();
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom("items")
      .select(["id", "position", "content_json", "gold_json", "state", "overlap", "votes"])
      .where("project_id", "=", project)
      .where("position", ">", after)
      .orderBy("position")
      .limit(PAGE)
      .execute();
    for (const { id, content_json, gold_json, state, overlap, votes } of rows)
      items.set(id, {
        ...{ id, task, state, overlap, votes },
        content: JSON.parse(content_json) as ItemContent,
        ...(gold_json !== null && { gold: JSON.parse(gold_json) as Answer }),
      });
    if (items.size > MOST_ITEMS) throw tooMuch("items", MOST_ITEMS);
    if (rows.length < PAGE) return items;
    after = rows[rows.length - 1].position;
  }
}

async function loadVotes(
  db: Queries,
  project: string,
  members: ReadonlyMap<string, ReportMember>,
): Promise<{ votes: ReportVote[]; asOf: number }> {
  const reviews = await reviewStates(db, project);
  const votes: ReportVote[] = [];
  const firstAt = new Map<string, number>();
  let asOf = 0;
  for await (const { row, corrected } of voteRows(db, project)) {
    asOf = row.seq;
    if (row.corrects === null) firstAt.set(row.lease_id, row.cast_at);
    if (corrected) continue;
    const { corrects: _corrects, ...vote } = toCastVote(row);
    const review = reviews.get(row.lease_id);
    votes.push({
      ...vote,
      gold: row.gold === 1,
      firstAt: firstAt.get(row.lease_id) ?? row.cast_at,
      excluded: members.get(row.rater_id)?.state === "excluded",
      ...(review && { review }),
    });
    if (votes.length > MOST_VOTES) throw tooMuch("votes", MOST_VOTES);
  }
  return { votes, asOf };
}

const STRICTNESS: readonly ReviewState[] = ["released", "held", "rejected"];

/** The strictest state of each lease's reviews. */
async function reviewStates(db: Queries, project: string): Promise<Map<string, ReviewState>> {
  const rows = await db
    .selectFrom("reviews")
    .select(["lease_id", "state"])
    .where("project_id", "=", project)
    .execute();
  const states = new Map<string, ReviewState>();
  for (const row of rows) {
    const [known, state] = [states.get(row.lease_id), row.state as ReviewState];
    if (known === undefined || STRICTNESS.indexOf(state) > STRICTNESS.indexOf(known))
      states.set(row.lease_id, state);
  }
  return states;
}

const tooMuch = (what: string, most: number) =>
  new StoreError(
    "conflict",
    `The project has more than ${most} ${what}, too many to be looked at here.`,
    "Export its votes, and use plumb aggregate and plumb agreement.",
  );
