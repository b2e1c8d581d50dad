/** Votes by index, in the form that the aggregation methods read. */
import { personName } from "../base/person-name.js";

/** Labels of items: in vote v, `rater[v]` gave `item[v]` the label `label[v]`. */
export interface LabelVotes {
  /** Names, I of them. */
  items: readonly string[];
  /** Names, W of them. */
  raters: readonly string[];
  /** Names, K of them; at least 1. */
  labels: readonly string[];
  /** [V], in [0, I). */
  item: Int32Array;
  /** [V], in [0, W). */
  rater: Int32Array;
  /** [V], in [0, K). */
  label: Int32Array;
}

/** Comparisons of candidates: in vote v, `rater[v]` compared `left[v]` with `right[v]`. */
export interface Comparisons {
  /**
   * Names of the candidates, C of them. A response is its item's own: responses of two items are two candidates, also
   * if they have the same name. Where candidates are shared (models in an arena), a name is one candidate in all items.
   */
  candidates: readonly string[];
  /** Names, W of them. */
  raters: readonly string[];
  /**
   * Names of the items that the candidates answer, such as prompts. The same two candidates under two items are two
   * pairs.
   */
  items: readonly string[];
  /** [V], in [0, items). */
  item: Int32Array;
  /** [V], in [0, C). */
  left: Int32Array;
  /** [V], in [0, C), different from left. */
  right: Int32Array;
  /** [V], in [0, W). */
  rater: Int32Array;
  /** [V]. 1: left is better, 0: right is better, 0.5: a tie; weaker preferences lie between. */
  outcome: Float64Array;
}

/** Numbers names in order of first appearance. */
export class NameIndex {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  /**
   * The number of a name; a new one gets the next. @param within the same name within something else is another one.
   */
  of(name: string, within = ""): number {
    const key = `${within.length} ${within}${name}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.names.length);
    return this.names.push(name) - 1;
  }
}

/**
 * Converts label votes by name to votes by index. Raters whose names differ by white space around them or by Unicode form
 * are one.
 */
export function labelVotes(votes: Iterable<{ item: string; rater: string; label: string }>): LabelVotes {
  const [items, raters, labels] = [new NameIndex(), new NameIndex(), new NameIndex()];
  const [item, rater, label]: number[][] = [[], [], []];
  for (const vote of votes) {
    item.push(items.of(vote.item));
    rater.push(raters.of(personName(vote.rater)));
    label.push(labels.of(vote.label));
  }
  return {
    items: items.names,
    raters: raters.names,
    labels: labels.names,
    item: Int32Array.from(item),
    rater: Int32Array.from(rater),
    label: Int32Array.from(label),
  };
}

/**
 * Converts comparisons by name to comparisons by index, with raters as in `labelVotes`. @param shared whether items share
 * candidates of the same name.
 */
export function comparisons(
  votes: Iterable<{ item: string; left: string; right: string; rater: string; outcome: number }>,
  { shared = false }: { shared?: boolean } = {},
): Comparisons {
  const [candidates, raters, items] = [new NameIndex(), new NameIndex(), new NameIndex()];
  const [item, left, right, rater, outcome]: number[][] = [[], [], [], [], []];
  for (const vote of votes) {
    item.push(items.of(vote.item));
    const within = shared ? "" : vote.item;
    left.push(candidates.of(vote.left, within));
    right.push(candidates.of(vote.right, within));
    rater.push(raters.of(personName(vote.rater)));
    outcome.push(vote.outcome);
  }
  return {
    candidates: candidates.names,
    raters: raters.names,
    items: items.names,
    item: Int32Array.from(item),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    rater: Int32Array.from(rater),
    outcome: Float64Array.from(outcome),
  };
}

/** What the items of votes are about. */
export interface Topics {
  /** Names, T of them. */
  names: readonly string[];
  /** [V], in [0, T); -1 where a vote's item has none. */
  of: Int32Array;
}

/** More are not topics but names of items. */
const MAX_TOPICS = 100;

/** Topics by their names, one a vote: what is no text is none, and more than 100 different ones are none at all. */
export function topicsOf(names: readonly unknown[]): Topics {
  const index = new NameIndex();
  const of = Int32Array.from(names, (name) =>
    typeof name === "string" && name !== "" ? index.of(name) : -1,
  );
  return index.names.length > MAX_TOPICS ? { names: [], of: of.fill(-1) } : { names: index.names, of };
}
