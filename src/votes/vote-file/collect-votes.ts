/** Collects votes by name into votes by index, and finds what repeats and what contradicts itself. */
import { PlumbError } from "../../base/errors.js";
import type { RowLocation } from "../../base/location.js";
import { comparedPairs } from "../aggregate/compared-pairs.js";
import { type Comparisons, NameIndex, topicsOf } from "../votes.js";
import { absentNotes, battlesNote, joinedNotes, respelledNote, similarNotes, utcNote } from "./notes.js";
import { type ParsedVote, WORDED_STRENGTHS } from "./parse-vote.js";
import type { Problems } from "./problems.js";
import type { VoteFile } from "./vote-file.js";

/** Most votes of one file. */
export const MAX_VOTES = 20_000_000;

/** What the votes of a file have in common. */
export interface VoteForm {
  kind: "labels" | "pairs";
  /** Which of these every vote has. */
  has: { item: boolean; group: boolean; time: boolean; topic: boolean };
  ignoredColumns: string[];
  notes: string[];
}

export class VoteCollector {
  private readonly items = new NameIndex();
  private readonly raters = new NameIndex();
  private readonly labels = new NameIndex();
  private readonly candidates = new NameIndex();
  private readonly item: number[] = [];
  private readonly rater: number[] = [];
  private readonly label: number[] = [];
  private readonly left: number[] = [];
  private readonly right: number[] = [];
  private readonly strength: number[] = [];
  private readonly time: number[] = [];
  private readonly line: number[] = [];
  private readonly group: string[] = [];
  private readonly topic: (string | undefined)[] = [];
  private readonly turns = new Map<number, string>();
  private unit: RowLocation["unit"] = "line";
  private assumedUtc = 0;
  private respelled = 0;
  private worded = false;

  /**
   * @param shared whether a candidate that several items name is the same one, such as a model in an arena; a response is
   * its item's own otherwise.
   */
  constructor(
    private readonly path: string,
    private readonly shared: boolean,
  ) {}

  /** @throws PlumbError if there are more than 20 million. */
  add(vote: ParsedVote, { unit, number }: RowLocation): void {
    this.unit = unit;
    if (this.line.push(number) > MAX_VOTES)
      throw new PlumbError(`${this.path} holds more than ${MAX_VOTES} votes`, { hint: "Split it." });
    const item = this.items.of(vote.item, vote.turn);
    this.item.push(item);
    if (vote.turn !== undefined) this.turns.set(item, vote.turn);
    this.rater.push(this.raters.of(vote.rater));
    this.label.push(this.labels.of(vote.answer));
    if (vote.left !== undefined && vote.right !== undefined) {
      const within = this.shared ? "" : `${vote.turn ?? ""} ${vote.item}`;
      this.left.push(this.candidates.of(vote.left, within));
      this.right.push(this.candidates.of(vote.right, within));
    }
    this.strength.push(vote.strength ?? Number.NaN);
    this.time.push(vote.time ?? Number.NaN);
    if (vote.assumedUtc) this.assumedUtc++;
    if (vote.respelled) this.respelled++;
    this.worded ||= vote.worded === true;
    this.group.push(vote.group ?? "");
    this.topic.push(vote.topic);
  }

  /**
   * All votes by index; of a rater's equal votes on one unit, the first. Votes in which a rater contradicts itself are added to
   * the problems. @throws PlumbError if there are any problems.
   */
  finish({ kind, has, ignoredColumns, notes }: VoteForm, problems: Problems): VoteFile {
    const { items, raters, labels, line, label, rater } = this;
    const common = {
      items: this.turns.size > 0 ? namesWithTurns(items.names, this.turns) : items.names,
      raters: raters.names,
      item: Int32Array.from(this.item),
      rater: Int32Array.from(rater),
    };
    const said = label.map((l) => labels.names[l]);
    const comparisons: Comparisons = {
      ...common,
      candidates: this.candidates.names,
      left: Int32Array.from(this.left),
      right: Int32Array.from(this.right),
      outcome: outcomes(said, this.strength, this.worded ? WORDED_STRENGTHS : 0),
    };
    const pairs = kind === "pairs" ? comparedPairs(comparisons) : undefined;
    // A vote with swapped sides means the opposite side of its pair.
    const meant = pairs
      ? said.map((side, v) => (pairs.flipped[v] === 1 ? (OTHER[side] ?? side) : side))
      : said;
    const short = (name: string) => JSON.stringify(name.slice(0, 60));
    const seen = distinctVotes(
      pairs?.pair ?? common.item,
      common.rater,
      meant,
      raters.names.length,
      (a, b) => {
        if (has.item)
          problems.add(
            `${this.path}, ${this.unit}s ${line[a]} and ${line[b]}: rater ${short(raters.names[rater[a]])} says ${short(said[a])} and ${short(said[b])} of the same ${pairs ? "pair" : "item"}`,
          );
      },
    );
    problems.check(this.path);
    const battles = has.item ? 0 : line.length - seen.length;
    const kept = battles > 0 ? Int32Array.from(line.keys()) : seen;
    const take = (values: Int32Array) => kept.map((v) => values[v]);
    const keptLabels = kept.map((v) => label[v]);
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
              label: keptLabels,
            },
          },
      group: has.group ? Array.from(kept, (v) => this.group[v]) : undefined,
      time: has.time ? Float64Array.from(kept, (v) => this.time[v]) : undefined,
      topics: has.topic ? topicsOf(Array.from(kept, (v) => this.topic[v])) : undefined,
      hasItems: has.item,
      repeated: line.length - kept.length,
      ...(battles > 0 && { battles }),
      ignoredColumns,
      notes: [
        ...(battles > 0 ? [battlesNote(battles)] : []),
        ...(this.assumedUtc > 0 ? [utcNote(this.assumedUtc)] : []),
        ...(this.respelled > 0 ? [respelledNote(this.respelled)] : []),
        ...notes,
        ...absentNotes(pairs ? [] : keptLabels, labels.names, "label"),
        ...absentNotes(
          kept.map((v) => rater[v]),
          raters.names,
          "rater",
        ),
        ...(pairs ? [] : [...similarNotes(labels.names, "label"), ...joinedNotes(labels.names)]),
        ...similarNotes(raters.names, "rater"),
        ...similarNotes(items.names, "item"),
      ],
    };
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
