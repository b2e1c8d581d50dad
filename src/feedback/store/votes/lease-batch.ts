/**
 * Handing out items. A lease gives a rater an item for a limited time. While live it counts towards the item's overlap
 * like a vote, so raters who work at the same time do not exceed the overlap. All of this happens under the store's one
 * write lock, so nothing counted here can change before the commit.
 */

import { groupBy } from "../../../base/group-by.js";
import { screenOrder, turnChoice, turnKind } from "../../assign/mix.js";
import type { Write } from "../audit/writer.js";
import { among, insertRows } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { newId } from "../ids.js";
import {
  type Candidate,
  freshCandidates,
  nextForRater,
  type Shown,
  shownBefore,
  unseenGold,
  votedItems,
} from "../items/candidates.js";
import { recountItems } from "../items/recount.js";
import { type Member, notMember, notWorking, presentMembers, quotaReached } from "../projects/members.js";
import { checkOpen, findProject, type Project } from "../projects/projects.js";
import { StoreError } from "../store-error.js";
import type { Outcome } from "./batcher.js";
import { type LeaseAnswer, type LeaseRequest, shownLeases } from "./lease.js";
import { inTraining } from "./rater-training.js";

/** Most expired leases freed at once. */
const EXPIRED_TOGETHER = 1000;

/** Answers the requests of many raters. Two requests of one rater in a batch get the same leases. */
export async function leaseBatch(
  write: Write,
  requests: readonly LeaseRequest[],
): Promise<Outcome<LeaseAnswer>[]> {
  await expireLeases(write);
  const outcomes = new Map<LeaseRequest, Outcome<LeaseAnswer>>();
  for (const [projectId, own] of groupBy(requests, ({ project }) => project)) {
    try {
      const project = await findProject(write, projectId);
      checkOpen(project);
      await leaseInProject(write, project, own, outcomes);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      for (const request of own) outcomes.set(request, { error });
    }
  }
  return requests.map((request) => outcomes.get(request) as Outcome<LeaseAnswer>);
}

/** Marks leases that ran out as expired and recounts their items. */
async function expireLeases({ db, now }: Write): Promise<void> {
  const expired = await db
    .selectFrom("leases")
    .select(["id", "item_id"])
    .where("state", "=", "live")
    .where("expires_at", "<=", now)
    .orderBy("expires_at")
    .limit(EXPIRED_TOGETHER)
    .execute();
  if (expired.length === 0) return;
  await db
    .updateTable("leases")
    .set({ state: "expired" })
    .where(
      among(
        db,
        "id",
        expired.map(({ id }) => id),
      ),
    )
    .execute();
  await recountItems(db, [...new Set(expired.map(({ item_id }) => item_id))]);
}

async function leaseInProject(
  write: Write,
  project: Project,
  requests: readonly LeaseRequest[],
  outcomes: Map<LeaseRequest, Outcome<LeaseAnswer>>,
): Promise<void> {
  const { db, now } = write;
  const raters = [...new Set(requests.map(({ rater }) => rater))];

  // 1. Find who asks, and what each rater holds.
  const members = await presentMembers(db, project.id, raters);
  const held = await db
    .selectFrom("leases")
    .selectAll()
    .where(among(db, "rater_id", raters))
    .where("project_id", "=", project.id)
    .where("state", "=", "live")
    .where("expires_at", ">", now)
    .orderBy("turn")
    .execute();
  const holdings = groupBy(held, ({ rater_id }) => rater_id);

  // 2. Make new leases, up to the number each rater asks for.
  const { fresh, reasons } = await newLeases(write, project, requests, members, holdings);

  // 3. Store them.
  await storeLeases(db, project, fresh);

  // 4. Answer the requests.
  const shown = await shownLeases(db, [...holdings.values()].flat());
  const byId = new Map(shown.map((lease) => [lease.id, lease]));
  for (const request of requests) {
    const { rater } = request;
    const member = members.get(rater);
    if (member === undefined) {
      outcomes.set(request, { error: notMember() });
      continue;
    }
    if (member.state !== "active") {
      const none = member.state as "paused" | "excluded";
      outcomes.set(request, { value: { leases: [], none, why: notWorking(member) } });
      continue;
    }
    const leases = (holdings.get(rater) ?? []).flatMap(({ id }) => byId.get(id) ?? []);
    const none = reasons.get(rater);
    outcomes.set(request, {
      value: { leases, ...(none && leases.length < (request.count ?? 1) && { none }) },
    });
  }
}

/**
 * Leases for the raters who ask for more than they hold, which are added to `holdings`.
 *
 * @returns them, and for who gets fewer than asked for why.
 */
async function newLeases(
  write: Write,
  project: Project,
  requests: readonly LeaseRequest[],
  members: Awaited<ReturnType<typeof presentMembers>>,
  holdings: Map<string, Tables["leases"][]>,
): Promise<{ fresh: Tables["leases"][]; reasons: Map<string, LeaseAnswer["none"]> }> {
  const { db, now } = write;
  const wanted = new Map<string, number>();
  for (const { rater, count = 1 } of requests)
    wanted.set(rater, Math.max(wanted.get(rater) ?? 0, count - (holdings.get(rater)?.length ?? 0)));
  const total = [...wanted.values()].reduce((sum, count) => sum + Math.max(0, count), 0);
  const asking = [...wanted].flatMap(([rater, count]) => (count > 0 ? (members.get(rater) ?? []) : []));
  const untrained = await inTraining(db, project.id, asking);
  const pool = await CandidatePool.load(write, project, [...wanted.keys()], total);
  const reasons = new Map<string, LeaseAnswer["none"]>();
  const fresh: Tables["leases"][] = [];
  for (const [rater, count] of wanted) {
    const member = members.get(rater);
    if (member?.state !== "active") continue;
    if (untrained.has(rater)) {
      reasons.set(rater, "training");
      continue;
    }
    const own = holdings.get(rater) ?? [];
    for (let i = 0; i < count; i++) {
      const quota = quotaReached(member, project.settings, own.length, now);
      if (quota !== undefined) {
        reasons.set(rater, quota);
        break;
      }
      const lease = await nextLease(write, project, member, pool);
      if (lease === undefined) {
        reasons.set(rater, "no-items");
        break;
      }
      own.push(lease);
      fresh.push(lease);
    }
    holdings.set(rater, own);
  }
  return { fresh, reasons };
}

/** Stores new leases, counts them as their raters' turns, and recounts their items. */
async function storeLeases(
  db: Write["db"],
  project: Project,
  fresh: readonly Tables["leases"][],
): Promise<void> {
  await insertRows(db, "leases", fresh);
  const turns = groupBy(
    groupBy(fresh, ({ rater_id }) => rater_id),
    ([, leases]) => leases.length,
  );
  for (const [count, own] of turns)
    await db
      .updateTable("memberships")
      .set((eb) => ({ turns: eb("turns", "+", count) }))
      .where("project_id", "=", project.id)
      .where(
        among(
          db,
          "rater_id",
          own.map(([rater]) => rater),
        ),
      )
      .execute();
  await recountItems(db, [...new Set(fresh.map(({ item_id }) => item_id))]);
}

/**
 * The next lease of a rater, chosen by the turn's random draws; undefined when no item is left. Items that the rater
 * gave back, or let run out, come after all others of their kind and of the pool: if an ordinary item came back at
 * once, what does not come back would be gold or a repeat. For the same reason every turn asks the database the same
 * questions.
 */
async function nextLease(
  { db, now }: Write,
  project: Project,
  member: Member,
  pool: CandidatePool,
): Promise<Tables["leases"] | undefined> {
  const rater = member.rater_id;
  const { goldRate, repeatRate, repeatAfter } = project.settings;
  const turn = { seed: project.seed, member: member.number, turn: member.turns };
  const kind = turnKind(turn, project.settings);
  const choices = {
    new: [],
    gold: goldRate > 0 ? await unseenGold(db, member) : [],
    repeat: repeatRate > 0 ? await votedItems(db, member, member.turns - repeatAfter) : [],
  }[kind].filter(({ id }) => !pool.taken(rater).has(id));
  const drawn = (lapsed: 0 | 1) => {
    const free = choices.filter((choice) => choice.lapsed === lapsed);
    return free.length > 0 ? { ...free[turnChoice(turn, free.length)], kind } : undefined;
  };
  const fresh = await pool.find(member, 0);
  const special = drawn(0) ?? (fresh === undefined ? drawn(1) : undefined);
  const ordinary = special === undefined ? (fresh ?? (await pool.find(member, 1))) : undefined;
  if (ordinary !== undefined) ordinary.open--;
  const chosen = special ?? (ordinary && { ...ordinary, kind: "new" as const });
  if (chosen === undefined) return undefined;
  pool.taken(rater).add(chosen.id);
  member.turns++;
  return {
    id: newId("l", now),
    project_id: project.id,
    item_id: chosen.id,
    rater_id: rater,
    state: "live",
    turn: turn.turn,
    repeat_shown: chosen.kind === "repeat" ? 1 : 0,
    gold: chosen.kind === "gold" ? 1 : 0,
    order_json: JSON.stringify(screenOrder(turn, chosen.responses)),
    guidelines_version: project.guidelinesVersion,
    created_at: now,
    expires_at: now + 1000 * project.settings.leaseSeconds,
    reason: null,
  };
}

/** The items that can still be handed out in this batch, and which of them each rater already had. */
class CandidatePool {
  private readonly takenBy = new Map<string, Set<string>>();

  private constructor(
    private readonly write: Write,
    private readonly candidates: Candidate[],
    private readonly shown: ReadonlyMap<string, Shown>,
  ) {}

  static async load(
    write: Write,
    project: Project,
    raters: readonly string[],
    total: number,
  ): Promise<CandidatePool> {
    if (total === 0) return new CandidatePool(write, [], new Map());
    const candidates = await freshCandidates(write.db, project.id, total);
    const shown = await shownBefore(
      write.db,
      raters,
      candidates.map(({ id }) => id),
    );
    return new CandidatePool(write, candidates, shown);
  }

  /** Ids of the items that a rater got in this batch. */
  taken(rater: string): Set<string> {
    const known = this.takenBy.get(rater);
    if (known !== undefined) return known;
    const none = new Set<string>();
    this.takenBy.set(rater, none);
    return none;
  }

  /**
   * The first item that the rater may have; who takes it takes one of its places.
   *
   * @param lapsed 0 for items that the rater never held, 1 for those that the rater gave back or let run out.
   */
  async find(member: Member, lapsed: 0 | 1): Promise<Candidate | undefined> {
    const rater = member.rater_id;
    const shown = this.shown.get(rater);
    const fits = (item: Candidate) =>
      item.open > 0 &&
      (item.audience === null || item.audience === member.group_name) &&
      (item.language === null || member.languages.length === 0 || member.languages.includes(item.language)) &&
      !this.taken(rater).has(item.id) &&
      !shown?.done.has(item.id) &&
      (shown?.lapsed.has(item.id) ?? false) === (lapsed === 1);
    return this.candidates.find(fits) ?? this.further(member, lapsed);
  }

  /** Looks beyond the items fetched for the batch, when the rater had or may not have any of those. */
  private async further(member: Member, lapsed: 0 | 1): Promise<Candidate | undefined> {
    const used = this.candidates.filter(({ open }) => open <= 0).map(({ id }) => id);
    const except = [...used, ...this.taken(member.rater_id)];
    const item = await nextForRater(this.write.db, member, except, lapsed);
    if (item === undefined) return undefined;
    const known = this.candidates.find(({ id }) => id === item.id);
    if (known !== undefined) return known;
    this.candidates.push(item);
    return item;
  }
}
