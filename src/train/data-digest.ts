/** What a run's rows were, in short: enough to say of a resumed run which of its files are others now. */
import { createHash, type Hash } from "node:crypto";
import { z } from "zod";

export const dataDigestSchema = z.array(z.object({ name: z.string(), rows: z.number(), sha256: z.string() }));
/** For each file, or project, the number of its rows and a digest of all that is read of them. */
type DataDigest = z.output<typeof dataDigestSchema>;

/** @param read what a method's `read` gives: rows with their places, or an object that holds lists of them. */
export function dataDigest(read: unknown): DataDigest {
  const lists = Array.isArray(read) ? [read] : Object.values(read as object).filter(Array.isArray);
  const found = new Map<string, { rows: number; hash: Hash }>();
  for (const list of lists) {
    for (const row of list as { where?: { file: string } }[]) {
      if (row.where === undefined) continue;
      const { file } = row.where;
      const entry = found.get(file) ?? { rows: 0, hash: createHash("sha256") };
      entry.rows++;
      entry.hash.update(JSON.stringify(row)).update("\n");
      found.set(file, entry);
    }
  }
  return [...found].map(([name, { rows, hash }]) => ({ name, rows, sha256: hash.digest("hex") }));
}

/** What differs, in words: "pairs.jsonl had 20 rows and has 21"; none if nothing does. */
export function dataChanges(before: DataDigest, now: DataDigest): string[] {
  const rows = (count: number): string => `${count} ${count === 1 ? "row" : "rows"}`;
  const changed = before.flatMap(({ name, ...old }) => {
    const own = now.find((one) => one.name === name);
    if (own === undefined) return [`${name}, of which it read ${rows(old.rows)}, is not among them any more`];
    if (own.rows !== old.rows) return [`${name} gave ${rows(old.rows)} and gives ${own.rows} now`];
    return own.sha256 === old.sha256 ? [] : [`the ${rows(old.rows)} of ${name} have another content now`];
  });
  const added = now.filter(({ name }) => !before.some((one) => one.name === name));
  const all = [...changed, ...added.map((one) => `${one.name} is new, with ${rows(one.rows)}`)];
  const isReordered = all.length === 0 && before.some(({ name }, i) => name !== now[i].name);
  return isReordered ? ["its files are in another order now"] : all;
}
