import { PlumbError } from "../../base/errors.js";
import { streamRows } from "../../data/read-rows.js";
import { comparedPairs } from "../aggregate/compared-pairs.js";
import { type Comparisons, type LabelVotes, NameIndex } from "../votes.js";
import { type VoteColumns, voteColumns } from "./columns.js";
import { BadVote, parseVote } from "./parse-vote.js";

/** Most votes of one file. */
export const MAX_VOTES = 20_000_000;
/** Most bad rows that an error lists. */
const MAX_LISTED = 20;

export interface VoteFile {
  votes: { kind: "labels"; labels: LabelVotes } | { kind: "pairs"; comparisons: Comparisons };
  /** Group of each vote's rater, [V]; "" if none. */
  group?: string[];
  /** When each vote was cast, Unix milliseconds, [V]. */
  time?: Float64Array;
  /** Whether items are named in the file. */
  hasItems: boolean;
  /** Number of rows that repeat the same rater's vote on the same item or pair; they are left out. */
  repeated: number;
  ignoredColumns: string[];
}

/**
 * Reads and checks all votes on one aspect, or without aspects, in a file (CSV, TSV, JSONL, JSON or Parquet; text may
 * be gzipped).
 *
 * @throws PlumbError naming file, line and field of the first 20 problems: bad rows, and pairs of rows in which a rater
 * contradicts itself.
 *
 * @param aspect the aspect to read; required if the file's column aspect has several.
 */
export async function readVotes(
  path: string,
  { aspect: wanted }: { aspect?: string } = {},
): Promise<VoteFile> {
  const [items, raters, labels, candidates] = [0, 1, 2, 3].map(() => new NameIndex());
  const [item, rater, label, left, right, strength, time, line] = [0, 1, 2, 3, 4, 5, 6, 7].map(
    (): number[] => [],
  );
  const group: string[] = [];
  const problems = new Problems();
  let columns: VoteColumns | undefined;
  let unit = "line";
  const aspects = new Set<string>();
  for await (const row of streamRows(path, ({ message }) => problems.add(message))) {
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
    item.push(items.of(vote.item));
    rater.push(raters.of(vote.rater));
    label.push(labels.of(vote.answer));
    if (vote.left !== undefined && vote.right !== undefined) {
      left.push(candidates.of(vote.left));
      right.push(candidates.of(vote.right));
    }
    strength.push(vote.strength ?? Number.NaN);
    if (vote.time !== undefined) time.push(vote.time);
    if (columns.name.group !== undefined) group.push(vote.group ?? "");
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
    items: items.names,
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
    outcome: outcomes(said, strength),
  };
  const pairs = columns.kind === "pairs" ? comparedPairs(comparisons) : undefined;
  // A vote with swapped sides means the opposite side of its pair.
  const meant = pairs ? said.map((side, v) => (pairs.flipped[v] === 1 ? (OTHER[side] ?? side) : side)) : said;
  const short = (name: string) => JSON.stringify(name.slice(0, 60));
  const kept = keptVotes(pairs?.pair ?? common.item, common.rater, meant, raters.names.length, (a, b) =>
    problems.add(
      `${path}, ${unit}s ${line[a]} and ${line[b]}: rater ${short(raters.names[rater[a]])} says ${short(said[a])} and ${short(said[b])} of the same ${pairs ? "pair" : "item"}`,
    ),
  );
  problems.check(path);
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
    hasItems: columns.name.item !== undefined,
    repeated: line.length - kept.length,
    ignoredColumns: columns.ignored,
  };
}

/** @throws PlumbError if there are several aspects and none is chosen, or the chosen one does not occur. */
function checkAspects(path: string, aspects: readonly string[], wanted: string | undefined): void {
  const known = aspects.map((aspect) => JSON.stringify(aspect.slice(0, 60))).join(", ");
  if (wanted === undefined && aspects.length > 1)
    throw new PlumbError(`${path} judges several aspects: ${known}`, {
      hint: "Each is aggregated by itself: choose one with --aspect.",
    });
  if (wanted !== undefined && !aspects.includes(wanted))
    throw new PlumbError(`${path} has no votes on the aspect ${JSON.stringify(wanted.slice(0, 60))}`, {
      hint: aspects.length === 0 ? "It has no column aspect." : `It has ${known}.`,
    });
}

const OTHER: Record<string, string> = { left: "right", right: "left" };

/** The number of bad rows, and the first problems. */
class Problems {
  private readonly listed: string[] = [];
  private count = 0;

  add(problem: string): void {
    this.count++;
    if (this.listed.length < MAX_LISTED) this.listed.push(problem);
  }

  check(path: string): void {
    if (this.count === 0) return;
    const more = this.count > this.listed.length ? `\nand ${this.count - this.listed.length} more` : "";
    throw new PlumbError(
      `${path} has ${this.count} bad ${this.count === 1 ? "row" : "rows"}:\n${this.listed.join("\n")}${more}`,
      { hint: "Nothing was written. Fix or remove these rows, then try again." },
    );
  }
}

/**
 * 1 for left, 0 for right, 0.5 for a tie. The largest strength in the file gives 1 or 0; weaker ones are closer to 0.5.
 */
function outcomes(said: readonly string[], strength: readonly number[]): Float64Array {
  let most = 0;
  for (const value of strength) if (value > most) most = value;
  return Float64Array.from(said, (side, v) => {
    if (side !== "left" && side !== "right") return 0.5;
    const lead = Number.isNaN(strength[v]) ? 0.5 : strength[v] / most / 2;
    return side === "left" ? 0.5 + lead : 0.5 - lead;
  });
}

/**
 * Indices of the votes to keep: the first of each rater on each unit. @param contradiction called with the indices of
 * two votes of a rater on a unit that differ.
 */
function keptVotes(
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
