import type { CastVote } from "../tasks/index.js";
import type { Store } from "./store.js";
import { toCastVote } from "./vote.js";

/** Votes read at once. */
const PAGE = 1000;

/** Every vote of a project in the order in which they were taken, corrections after what they correct; a page at a time. */
export async function* exportVotes({ db }: Pick<Store, "db">, project: string): AsyncGenerator<CastVote> {
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom("votes")
      .selectAll()
      .where("project_id", "=", project)
      .where("seq", ">", after)
      .orderBy("seq")
      .limit(PAGE)
      .execute();
    for (const row of rows) yield toCastVote(row);
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1].seq;
  }
}
