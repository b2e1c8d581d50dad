import { PlumbError } from "../../base/errors.js";
import type { LocatedRow } from "../../base/location.js";
import { streamRows } from "../../data/read-rows.js";
import { exportTool, noVotes } from "../exports/index.js";
import { VoteCollector } from "./collect-votes.js";
import { type VoteColumns, voteColumns } from "./columns.js";
import { exportVotes } from "./export-votes.js";
import { BadVote, parseVote } from "./parse-vote.js";
import { checkAspects, MAX_LISTED, Problems } from "./problems.js";
import { isRawVote, rawVotes } from "./raw-votes.js";
import type { VoteFile } from "./vote-file.js";

/**
 * Reads and checks all votes on one aspect, or without aspects, in a file (CSV, TSV, JSONL, JSON or Parquet; text may
 * be gzipped). The file may also be a project's raw votes, as the server exports them, or a labelling tool's export.
 *
 * @throws PlumbError naming file, line and field of the first 20 problems: bad rows, and pairs of rows in which a rater
 * contradicts itself about an item. Without items, rows are battles: a rater may compare the same two again.
 *
 * @param aspect the aspect to read, of an export the question; required if the file has several. @param shared whether a
 * candidate that several items name is the same one, such as a model in an arena; a response is its item's own otherwise.
 */
export async function readVotes(
  path: string,
  { aspect, shared = false }: { aspect?: string; shared?: boolean } = {},
): Promise<VoteFile> {
  const problems = new Problems();
  const read = streamRows(path, ({ message }) => problems.add(message));
  const first = await read.next();
  const rows = withFirst(first, read);
  const collector = new VoteCollector(path, shared);
  if (first.done) return await tableVotes(path, rows, collector, problems, aspect);
  if (isRawVote(first.value)) return await rawVotes(path, rows, problems, aspect);
  const tool = exportTool(first.value);
  if (tool !== undefined) return await exportVotes(path, tool, rows, collector, problems, aspect);
  const none = noVotes(first.value.value);
  if (none !== undefined) throw new PlumbError(`${path} ${none}.`);
  return await tableVotes(path, rows, collector, problems, aspect);
}

/** The votes of a table with one in each row. */
async function tableVotes(
  path: string,
  rows: AsyncIterable<LocatedRow>,
  collector: VoteCollector,
  problems: Problems,
  wanted: string | undefined,
): Promise<VoteFile> {
  let columns: VoteColumns | undefined;
  const aspects = new Set<string>();
  for await (const row of rows) {
    columns ??= voteColumns(path, Object.keys(row.value));
    const vote = parseVote(row, columns);
    if (vote instanceof BadVote) {
      problems.add(vote.problem);
      continue;
    }
    if (vote.aspect !== undefined && (aspects.size < MAX_LISTED || vote.aspect === wanted))
      aspects.add(vote.aspect);
    if (wanted === undefined || vote.aspect === wanted) collector.add(vote, row.where);
  }
  if (columns === undefined) {
    problems.check(path);
    throw new PlumbError(`${path} holds no votes`, {
      hint: "Expected at least one row below the names of the columns.",
    });
  }
  if (wanted !== undefined || aspects.size > 1) {
    problems.check(path);
    checkAspects(path, [...aspects], wanted);
  }
  const { kind, name, ignored } = columns;
  const has = {
    ...{ item: name.item !== undefined, group: name.group !== undefined },
    ...{ time: name.time !== undefined, topic: name.topic !== undefined },
  };
  return collector.finish({ kind, has, ignoredColumns: ignored, notes: [] }, problems);
}

async function* withFirst<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
