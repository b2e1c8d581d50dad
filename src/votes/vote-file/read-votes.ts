import { PlumbError } from "../../base/errors.js";
import type { LocatedRow } from "../../base/location.js";
import { streamRows } from "../../data/read-rows.js";
import { comparedPairs } from "../aggregate/compared-pairs.js";
import { type Comparisons, NameIndex, topicsOf } from "../votes.js";
import { type VoteColumns, voteColumns } from "./columns.js";
import { absentNotes, battlesNote, respelledNote, utcNote } from "./notes.js";
import { BadVote, parseVote, WORDED_STRENGTHS } from "./parse-vote.js";
import { checkAspects, MAX_LISTED, Problems } from "./problems.js";
import { isPublishedComparison, noVoteRow, tableRow } from "./published-rows.js";
import { isRawVote, rawVotes } from "./raw-votes.js";
import type { VoteFile } from "./vote-file.js";

/** Most votes of one file. */
export const MAX_VOTES = 20_000_000;
/**
 * Reads and checks all votes on one aspect, or without aspects, in a file (CSV, TSV, JSONL, JSON or Parquet; text may
 * be gzipped). The file may also be a project's raw votes, as the server exports them.
 *
 * @throws PlumbError naming file, line and field of the first 20 problems: bad rows, and pairs of rows in which a rater
 * contradicts itself about an item. Without items, rows are battles: a rater may compare the same two again.
 *
 * @param aspect the aspect to read; required if the file's column aspect has several. @param shared whether a candidate
 * that several items name is the same one, such as a model in an arena; a response is its item's own otherwise.
 */
export async function readVotes(
  path: string,
  { aspect: wanted, shared = false }: { aspect?: string; shared?: boolean } = {},
): Promise<VoteFile> {
  const problems = new Problems();
  const read = streamRows(path, ({ message }) => problems.add(message));
  const first = await read.next();
  const all = withFirst(first, read);
  if (!first.done && isRawVote(first.value)) return rawVotes(path, all, problems, wanted);
  const unreadable = first.done ? undefined : noVoteRow(first.value.value);
  if (unreadable !== undefined) throw new PlumbError(`${path} ${unreadable}.`);
  const published = !first.done && isPublishedComparison(first.value.value);
  const rows = published ? inTableForm(all, problems) : all;
  const [items, raters, labels, candidates] = [0, 1, 2, 3].map(() => new NameIndex());
  const [item, rater, label, left, right, strength, time, line] = [0, 1, 2, 3, 4, 5, 6, 7].map(
    (): number[] => [],
  );
  const group: string[] = [];
  const topic: (string | undefined)[] = [];
  const turns = new Map<number, string>();
  let columns: VoteColumns | undefined;
  let unit = "line";
  let [assumedUtc, respelled] = [0, 0];
  let worded = false;
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
    if (wanted !== undefined && vote.aspect !== wanted) continue;
    unit = row.where.unit;
    if (line.push(row.where.number) > MAX_VOTES)
      throw new PlumbError(`${path} holds more than ${MAX_VOTES} votes`, { hint: "Split it." });
    item.push(items.of(vote.item, vote.turn));
    if (vote.turn !== undefined) turns.set(item[item.length - 1], vote.turn);
    rater.push(raters.of(vote.rater));
    label.push(labels.of(vote.answer));
    if (vote.left !== undefined && vote.right !== undefined) {
      const within = shared ? "" : `${vote.turn ?? ""} ${vote.item}`;
      left.push(candidates.of(vote.left, within));
      right.push(candidates.of(vote.right, within));
    }
    strength.push(vote.strength ?? Number.NaN);
    if (vote.time !== undefined) time.push(vote.time);
    if (vote.assumedUtc) assumedUtc++;
    if (vote.respelled) respelled++;
    worded ||= vote.worded === true;
    if (columns.name.group !== undefined) group.push(vote.group ?? "");
    if (columns.name.topic !== undefined) topic.push(vote.topic);
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
  const common = {
    items: turns.size > 0 ? namesWithTurns(items.names, turns) : items.names,
    raters: raters.names,
    item: Int32Array.from(item),
    rater: Int32Array.from(rater),
  };
  const said = label.map((l) => labels.names[l]);
  const comparisons: Comparisons = {
    ...common,
    candidates: candidates.names,
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    outcome: outcomes(said, strength, worded ? WORDED_STRENGTHS : 0),
  };
  const pairs = columns.kind === "pairs" ? comparedPairs(comparisons) : undefined;
  // A vote with swapped sides means the opposite side of its pair.
  const meant = pairs ? said.map((side, v) => (pairs.flipped[v] === 1 ? (OTHER[side] ?? side) : side)) : said;
  const short = (name: string) => JSON.stringify(name.slice(0, 60));
  const hasItems = columns.name.item !== undefined;
  const seen = distinctVotes(pairs?.pair ?? common.item, common.rater, meant, raters.names.length, (a, b) => {
    if (hasItems)
      problems.add(
        `${path}, ${unit}s ${line[a]} and ${line[b]}: rater ${short(raters.names[rater[a]])} says ${short(said[a])} and ${short(said[b])} of the same ${pairs ? "pair" : "item"}`,
      );
  });
  problems.check(path);
  const battles = hasItems ? 0 : line.length - seen.length;
  const kept = battles > 0 ? Int32Array.from(line.keys()) : seen;
  const take = (values: Int32Array) => kept.map((v) => values[v]);
  return {
    votes: pairs
      ? {
          kind: "pairs",
          comparisons: {
            ...comparisons,
            item: take(comparisons.item),
            rater: take(comparisons.rater),
            left: take(comparisons.left),
            right: take(comparisons.right),
            outcome: Float64Array.from(kept, (v) => comparisons.outcome[v]),
          },
        }
      : {
          kind: "labels",
          labels: {
            ...common,
            labels: labels.names,
            item: take(common.item),
            rater: take(common.rater),
            label: kept.map((v) => label[v]),
          },
        },
    group: columns.name.group === undefined ? undefined : Array.from(kept, (v) => group[v]),
    time: columns.name.time === undefined ? undefined : Float64Array.from(kept, (v) => time[v]),
    topics: columns.name.topic === undefined ? undefined : topicsOf(Array.from(kept, (v) => topic[v])),
    hasItems,
    repeated: line.length - kept.length,
    ...(battles > 0 && { battles }),
    ignoredColumns: columns.ignored,
    notes: [
      ...(battles > 0 ? [battlesNote(battles)] : []),
      ...(assumedUtc > 0 ? [utcNote(assumedUtc)] : []),
      ...(respelled > 0 ? [respelledNote(respelled)] : []),
      ...absentNotes(pairs ? [] : kept.map((v) => label[v]), labels.names, "label"),
      ...absentNotes(
        kept.map((v) => rater[v]),
        raters.names,
        "rater",
      ),
    ],
  };
}

async function* withFirst<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** The rows of an export in the form of a table; what is not as it should be is added to the problems. */
async function* inTableForm(rows: AsyncIterable<LocatedRow>, problems: Problems): AsyncGenerator<LocatedRow> {
  for await (const row of rows) {
    try {
      yield tableRow(row);
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      problems.add(error.message);
    }
  }
}

/**
 * Names of items that have turns: turns of one conversation are items of their own, which are told apart by name where
 * a question has several.
 */
function namesWithTurns(names: readonly string[], turns: ReadonlyMap<number, string>): string[] {
  const count = new Map<string, number>();
  for (const name of names) count.set(name, (count.get(name) ?? 0) + 1);
  return names.map((name, i) => (count.get(name) === 1 ? name : `${name}, turn ${turns.get(i) ?? "?"}`));
}

const OTHER: Record<string, string> = { left: "right", right: "left" };

/**
 * 1 for left, 0 for right, 0.5 for a tie. The largest strength in the file gives 1 or 0; weaker ones are closer to 0.5.
 *
 * @param least the largest strength that there can be, where it is known; it is then taken for the file's.
 */
function outcomes(said: readonly string[], strength: readonly number[], least: number): Float64Array {
  let most = least;
  for (const value of strength) if (value > most) most = value;
  return Float64Array.from(said, (side, v) => {
    if (side !== "left" && side !== "right") return 0.5;
    const lead = Number.isNaN(strength[v]) ? 0.5 : strength[v] / most / 2;
    return side === "left" ? 0.5 + lead : 0.5 - lead;
  });
}

/**
 * Indices of the first vote of each rater on each unit. @param contradiction called with the indices of
 * two votes of a rater on a unit that differ.
 */
function distinctVotes(
  unit: Int32Array,
  rater: Int32Array,
  said: readonly string[],
  raters: number,
  contradiction: (first: number, second: number) => void,
): Int32Array {
  const seen = new Map<number, number>();
  const kept: number[] = [];
  for (let v = 0; v < unit.length; v++) {
    const key = unit[v] * raters + rater[v];
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, v);
      kept.push(v);
    } else if (said[first] !== said[v]) contradiction(first, v);
  }
  return Int32Array.from(kept);
}
