import { ASKS_FOR, preferenceOutcome, type TaskDefinition } from "../tasks/index.js";
import {
  type Comparisons,
  comparisons,
  type LabelVotes,
  labelVotes,
  type Topics,
  topicsOf,
} from "../votes.js";
import type { Judgement } from "./judgement.js";

/** The votes on one aspect in the form that aggregation and agreement read; row v of each list comes from `from[v]`. */
export interface Question {
  aspect: string;
  votes: { kind: "labels"; labels: LabelVotes } | { kind: "pairs"; comparisons: Comparisons };
  from: readonly Judgement[];
  /** Group of each row's rater; "" if none. */
  group: string[];
  /** When each row's vote was cast, in Unix milliseconds. */
  time: Float64Array;
  /** What the rows' items are about, as their metadata name it. */
  topics: Topics;
}

type Said = Pick<Judgement["vote"], "item" | "rater" | "answer">;

interface NamedComparison {
  item: string;
  left: string;
  right: string;
  rater: string;
  outcome: number;
}

interface NamedLabel {
  item: string;
  rater: string;
  label: string;
}

/** The aspects that a task asks about separately; none for tasks where raters write. */
export function aspectsOf(task: TaskDefinition): readonly string[] {
  const asks = ASKS_FOR[task.kind];
  if (asks === "aspects") return task.aspects;
  return asks === "text" ? [] : [task.kind];
}

/** Whether the answers compare responses, so that preferences can be made from them. */
export const COMPARES: Readonly<Record<TaskDefinition["kind"], boolean>> = {
  pairwise: true,
  ranking: true,
  likert: false,
  safety: false,
  demonstration: false,
  rewrite: false,
};

/** Separates item and response in the name of a rated response; no id contains it. */
const RATED = "\n";

/**
 * The votes on one aspect. Comparisons and rankings give comparisons of responses by name, a ranking one for every
 * pair; safety gives labels of items, and ratings give a label for each response.
 *
 * @returns undefined if no judgement is about the aspect.
 */
export function questionOf(judgements: readonly Judgement[], aspect: string): Question | undefined {
  const from: Judgement[] = [];
  const pairs: NamedComparison[] = [];
  const labels: NamedLabel[] = [];
  for (const judgement of judgements) {
    const before = pairs.length + labels.length;
    pairs.push(...pairsOf(judgement.vote, aspect, judgement.item));
    labels.push(...labelsOf(judgement.vote, aspect, judgement.item));
    for (let row = before; row < pairs.length + labels.length; row++) from.push(judgement);
  }
  if (from.length === 0) return undefined;
  return {
    aspect,
    from,
    votes:
      pairs.length > 0
        ? { kind: "pairs", comparisons: comparisons(pairs) }
        : { kind: "labels", labels: labelVotes(labels) },
    group: from.map(({ vote }) => vote.group ?? ""),
    time: Float64Array.from(from, ({ vote }) => vote.castAt),
    topics: topicsOf(from.map(({ item }) => item.content.meta?.topic ?? item.content.meta?.category)),
  };
}

/**
 * The comparisons in an answer, by the names of responses. A preference of strength s out of S has outcome 1/2 + s / 2S
 * for its side; "tie" and "both-bad" have 1/2. A ranking compares every pair of its responses.
 */
export function pairsOf(
  { item, rater, answer }: Said,
  aspect: string,
  { content, task }: Judgement["item"],
): NamedComparison[] {
  const compared = (left: number, right: number, outcome: number): NamedComparison => ({
    item,
    left: content.responses[left].name,
    right: content.responses[right].name,
    rater,
    outcome,
  });
  switch (answer.kind) {
    case "pairwise": {
      const preference = answer.aspects[aspect];
      return preference === undefined ? [] : [compared(0, 1, preferenceOutcome(preference, task.strengths))];
    }
    case "ranking":
      return answer.ranks.flatMap((rank, i) =>
        answer.ranks
          .slice(i + 1)
          .map((other, d) => compared(i, i + 1 + d, rank === other ? 0.5 : rank < other ? 1 : 0)),
      );
    case "likert":
    case "safety":
    case "demonstration":
    case "rewrite":
      return [];
  }
}

/** The labels in an answer: of the item, or of each response that was given points. */
export function labelsOf(
  { item, rater, answer }: Said,
  aspect: string,
  { content }: Judgement["item"],
): NamedLabel[] {
  switch (answer.kind) {
    case "safety":
      return [{ item, rater, label: answer.safe ? "safe" : "unsafe" }];
    case "likert":
      return answer.ratings.flatMap((points, i) =>
        points[aspect] === undefined
          ? []
          : [{ item: `${item}${RATED}${content.responses[i].name}`, rater, label: String(points[aspect]) }],
      );
    case "pairwise":
    case "ranking":
    case "demonstration":
    case "rewrite":
      return [];
  }
}

/** Splits the name of a unit into the item's id and, for ratings, the response's name. */
export function unitOf(name: string): { item: string; response?: string } {
  const at = name.indexOf(RATED);
  return at < 0 ? { item: name } : { item: name.slice(0, at), response: name.slice(at + 1) };
}

/**
 * The right answers of the gold items among a question's rows, by the indices that the votes use; label -1 where
 * unknown.
 */
export function knownAnswers({ aspect, votes, from }: Question): {
  labels?: Int32Array;
  pairs?: { item: number; left: number; right: number; outcome: number }[];
} {
  const gold = new Set(from.map(({ item }) => item).filter((item) => item.gold !== undefined));
  if (gold.size === 0) return {};
  const golds = [...gold].map((item) => ({
    item,
    said: { item: item.id, rater: "", answer: item.gold as Said["answer"] },
  }));
  if (votes.kind === "pairs") {
    const { items, candidates, item: itemOf, left: leftOf, right: rightOf } = votes.comparisons;
    const numbers = new Map<string, number>();
    const key = (item: string, name: string) => `${item}${RATED}${name}`;
    for (let v = 0; v < itemOf.length; v++)
      for (const c of [leftOf[v], rightOf[v]]) numbers.set(key(items[itemOf[v]], candidates[c]), c);
    const itemNumber = new Map(items.map((name, i) => [name, i]));
    const pairs = golds.flatMap(({ item: about, said }) =>
      pairsOf(said, aspect, about).flatMap(({ item, left, right, outcome }) => {
        const [l, r] = [left, right].map((name) => numbers.get(key(item, name)));
        const i = itemNumber.get(item);
        if (i === undefined || l === undefined || r === undefined) return [];
        return [{ item: i, left: l, right: r, outcome: outcome > 0.5 ? 1 : outcome < 0.5 ? 0 : 0.5 }];
      }),
    );
    return { pairs };
  }
  const { items, labels } = votes.labels;
  const right = new Map(
    golds.flatMap(({ item, said }) => labelsOf(said, aspect, item)).map(({ item, label }) => [item, label]),
  );
  return { labels: Int32Array.from(items, (item) => labels.indexOf(right.get(item) ?? "")) };
}
