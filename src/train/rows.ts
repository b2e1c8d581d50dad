import { PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import { usageError } from "../base/usage-error.js";
import type { LoadOptions } from "../data/index.js";
import type { TrainingRows } from "../votes/judgement/index.js";

/** Where rows come from: files, or a project in the database. */
interface RowSource {
  data: readonly string[];
  limit?: number | undefined;
  project?: string | undefined;
  db?: string | undefined;
  held: boolean;
  aspect?: string | undefined;
}

/**
 * The rows of files, or the rows that plumb feedback export would write for a project.
 *
 * @param load reads a file. @param of does the same with rows in memory. @param warn receives which columns of files are not read.
 * @throws PlumbError
 */
export async function loadJudged<Row>(
  { data, limit, project, db, ...options }: RowSource,
  kind: Exclude<keyof TrainingRows, "review">,
  load: (path: string, options: LoadOptions) => Promise<Row[]>,
  of: (rows: readonly LocatedRow[]) => Row[],
  warn: (message: string) => void,
): Promise<Row[]> {
  if ((project === undefined) === (data.length === 0))
    throw usageError(
      project === undefined ? "no data is given" : "both files and a project are given",
      "Give either --data FILES or --project ID.",
    );
  if (project === undefined) return loadAll(data, load, { limit, warn });
  // Loaded only here: the store and its query builder are a third of what a training command would load.
  const [{ databaseLocation, readProject }, { trainingRows }] = await Promise.all([
    import("../feedback/store/index.js"),
    import("../votes/judgement/index.js"),
  ]);
  const { judgements } = await readProject(databaseLocation(db), project);
  const rows: readonly object[] = trainingRows(judgements, options)[kind];
  if (rows.length === 0)
    throw new PlumbError(`project ${project} has no votes that make ${kind}`, {
      hint: "Gold items, rejected votes, votes of excluded raters and undecided pairs do not count.",
    });
  return of(
    rows.slice(0, limit).map((row, i) => ({
      value: { ...row },
      where: { file: `project ${project}`, unit: "row", number: i + 1 },
      untyped: false,
    })),
  );
}

/** The rows of several files, one file after another. */
export async function loadAll<Row>(
  paths: readonly string[],
  load: (path: string, options: LoadOptions) => Promise<Row[]>,
  { limit, ...options }: LoadOptions & { limit: number | undefined },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const path of paths)
    for (const row of await load(path, { ...options, ...(limit !== undefined && { limit }) })) rows.push(row);
  return rows;
}

/** `count` items spread evenly over a list, and the others; the same list and count always give the same split. */
export function spread<T>(items: readonly T[], count: number): { picked: T[]; others: T[] } {
  const chosen = new Set(Array.from({ length: count }, (_, j) => Math.floor((j * items.length) / count)));
  return { picked: items.filter((_, i) => chosen.has(i)), others: items.filter((_, i) => !chosen.has(i)) };
}
