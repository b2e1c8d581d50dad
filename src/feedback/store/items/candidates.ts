/** Queries for the items that a rater may be given. */
import { sql } from "kysely";
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import type { Member } from "../projects/members.js";

/** Items fetched per batch, and further ones per lease wanted: fewer than one, as most items take several raters. */
const WINDOW = 32;
const WINDOW_SHARE = 0.5;
/** Most gold items or repeats that a turn chooses among. */
const MAX_CHOICES = 200;
/** States of a lease whose item is not shown again, except as a hidden repeat. */
const SHOWN = ["live", "voted", "skipped"];
/** States of a lease that the rater gave back or let run out. One that was taken back is as if it had not been. */
const LAPSED = ["released", "expired"];

/** A gold item or a repeat that a turn may show. */
export interface Choice {
  id: string;
  responses: number;
  /** 1 if the rater held it already, as gold or as a repeat, and gave it back or let it run out. */
  lapsed: number;
}

/** Items that a rater was shown, hidden repeats aside. */
export interface Shown {
  /** Those that are not shown again. */
  done: Set<string>;
  /** Those that the rater gave back or let run out. */
  lapsed: Set<string>;
}

export interface Candidate extends Pick<Tables["items"], "id" | "language" | "audience" | "responses"> {
  /** How many more raters can be given it. */
  open: number;
}

const candidateColumns = ["id", "language", "audience", "responses"] as const;
const open = sql<number>`overlap - votes - leases`.as("open");

/** Available items, highest priority first, then in order of arrival. */
export async function freshCandidates(db: Queries, project: string, wanted: number): Promise<Candidate[]> {
  return db
    .selectFrom("items")
    .select([...candidateColumns, open])
    .where("project_id", "=", project)
    .where(sql<boolean>`available = 1`)
    .orderBy("priority", "desc")
    .orderBy("position")
    .limit(WINDOW + Math.ceil(WINDOW_SHARE * wanted))
    .execute();
}

/** The items, of those given, that each rater was shown. */
export async function shownBefore(
  db: Queries,
  raters: readonly string[],
  items: readonly string[],
): Promise<Map<string, Shown>> {
  const shown = new Map(
    raters.map((rater): [string, Shown] => [rater, { done: new Set(), lapsed: new Set() }]),
  );
  if (items.length === 0) return shown;
  const rows = await db
    .selectFrom("leases")
    .select(["rater_id", "item_id", "state"])
    .where(among(db, "rater_id", raters))
    .where(among(db, "item_id", items))
    .where("repeat_shown", "=", 0)
    .execute();
  for (const { rater_id, item_id, state } of rows) {
    const known = shown.get(rater_id);
    if (SHOWN.includes(state)) known?.done.add(item_id);
    if (LAPSED.includes(state)) known?.lapsed.add(item_id);
  }
  return shown;
}

/**
 * The first available item that a rater may have, except those in `except`.
 *
 * @param lapsed 0: only items that the rater never held; 1: only items that the rater gave back or let run out.
 */
export function nextForRater(
  db: Queries,
  { project_id, rater_id, group_name, languages }: Member,
  except: readonly string[],
  lapsed: 0 | 1,
): Promise<Candidate | undefined> {
  return db
    .selectFrom("items")
    .select([...candidateColumns, open])
    .where("project_id", "=", project_id)
    .where(sql<boolean>`available = 1`)
    .where((eb) =>
      eb.or([eb("audience", "is", null), ...(group_name === null ? [] : [eb("audience", "=", group_name)])]),
    )
    .$if(languages.length > 0, (query) =>
      query.where((eb) => eb.or([eb("language", "is", null), eb("language", "in", languages)])),
    )
    .$if(except.length > 0, (query) => query.where("id", "not in", except))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("leases")
            .select("leases.id")
            .whereRef("leases.item_id", "=", "items.id")
            .where("leases.rater_id", "=", rater_id)
            .where("leases.repeat_shown", "=", 0)
            .where("leases.state", "in", lapsed ? SHOWN : [...SHOWN, ...LAPSED]),
        ),
      ),
    )
    .orderBy("priority", "desc")
    .orderBy("position")
    .limit(1)
    .executeTakeFirst();
}

/** Whether the rater held an item, as a repeat or not, and let it lapse; 0 or 1. */
const lapsedFor = (rater: string, repeat: 0 | 1) =>
  sql<number>`(case when exists (select 1 from leases as held where held.rater_id = ${rater}
    and held.item_id = items.id and held.repeat_shown = ${sql.lit(repeat)}
    and held.state in ('released', 'expired')) then 1 else 0 end)`.as("lapsed");

/** Gold items that a rater has not judged. Training items are left out: they are openly gold. */
export function unseenGold(
  db: Queries,
  { project_id, rater_id, group_name, languages }: Member,
): Promise<Choice[]> {
  return db
    .selectFrom("items")
    .select(["id", "responses", lapsedFor(rater_id, 0)])
    .where("project_id", "=", project_id)
    .where("state", "=", "open")
    .where(sql<boolean>`gold_json is not null`)
    .where("explanation", "is", null)
    .where((eb) =>
      eb.or([eb("audience", "is", null), ...(group_name === null ? [] : [eb("audience", "=", group_name)])]),
    )
    .$if(languages.length > 0, (query) =>
      query.where((eb) => eb.or([eb("language", "is", null), eb("language", "in", languages)])),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("leases")
            .select("leases.id")
            .whereRef("leases.item_id", "=", "items.id")
            .where("leases.rater_id", "=", rater_id)
            .where("leases.repeat_shown", "=", 0)
            .where("leases.state", "in", SHOWN),
        ),
      ),
    )
    .orderBy("position")
    .limit(MAX_CHOICES)
    .execute();
}

/** Items that a rater judged before a turn and has not been shown again, in order of their leases. */
export function votedItems(
  db: Queries,
  { project_id, rater_id }: Member,
  beforeTurn: number,
): Promise<Choice[]> {
  return db
    .selectFrom("leases")
    .innerJoin("items", "items.id", "leases.item_id")
    .select(["items.id", "items.responses", lapsedFor(rater_id, 1)])
    .where("leases.project_id", "=", project_id)
    .where("leases.rater_id", "=", rater_id)
    .where("leases.turn", "<", beforeTurn)
    .where("leases.state", "=", "voted")
    .where("leases.repeat_shown", "=", 0)
    .where("leases.gold", "=", 0)
    .where("items.state", "!=", "withdrawn")
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("leases as again")
            .select("again.id")
            .whereRef("again.item_id", "=", "leases.item_id")
            .where("again.rater_id", "=", rater_id)
            .where("again.repeat_shown", "=", 1)
            .where("again.state", "in", SHOWN),
        ),
      ),
    )
    .orderBy("leases.turn")
    .limit(MAX_CHOICES)
    .execute();
}
