import { preferenceOutcome, type TaskDefinition } from "../tasks/index.js";
import { type Comparisons, comparisons, type LabelVotes, labelVotes } from "../votes.js";
import type { Judgement } from "./judgement.js";

/** What judgements say of one aspect, as aggregation and agreement read it; row v of each list comes from `from[v]`. */
export interface Question {
  aspect: string;
  votes: { kind: "labels"; labels: LabelVotes } | { kind: "pairs"; comparisons: Comparisons };
  from: readonly Judgement[];
  /** Group of each row's rater; "" is none. */
  group: string[];
  /** When each was cast, Unix milliseconds. */
  time: Float64Array;
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

/** What a task asks apart; none where raters write. */
export function aspectsOf(task: TaskDefinition): readonly string[] {
  switch (task.kind) {
    case "pairwise":
    case "likert":
      return task.aspects;
    case "ranking":
    case "safety":
      return [task.kind];
    case "demonstration":
    case "rewrite":
      return [];
  }
}

/** Whether answers compare responses with one another: preferences come of them. */
export const COMPARES: Readonly<Record<TaskDefinition["kind"], boolean>> = {
  pairwise: true,
  ranking: true,
  likert: false,
  safety: false,
  demonstration: false,
  rewrite: false,
};

/** A rated response as the name of an item: item and response, which no id holds. */
const RATED = "\n";

/**
 * What judgements say of one aspect: comparisons of responses by name, of a ranking every pair; labels of items, of ratings a label
 * for each response.
 *
 * @returns undefined where nothing is said.
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
    ...{ aspect, from },
    votes:
      pairs.length > 0
        ? { kind: "pairs", comparisons: comparisons(pairs) }
        : { kind: "labels", labels: labelVotes(labels) },
    group: from.map(({ vote }) => vote.group ?? ""),
    time: Float64Array.from(from, ({ vote }) => vote.castAt),
  };
}

/**
 * Comparisons that an answer makes, by the names of responses. A preference of strength s out of S has outcome 1/2 + s / 2S for its
 * side; ties, and both being bad, 1/2. A ranking compares every two of its responses.
 */
function pairsOf({ item, rater, answer }: Said, aspect: string, { content, task }: Judgement["item"]) {
  const name = (i: number) => content.responses[i].name;
  if (answer.kind === "pairwise" && answer.aspects[aspect] !== undefined) {
    const outcome = preferenceOutcome(answer.aspects[aspect], task.strengths);
    return [{ item, left: name(0), right: name(1), rater, outcome }];
  }
  if (answer.kind !== "ranking") return [];
  return answer.ranks.flatMap((rank, i) =>
    answer.ranks.slice(i + 1).map((other, d) => ({
      ...{ item, left: name(i), right: name(i + 1 + d), rater },
      outcome: rank === other ? 0.5 : rank < other ? 1 : 0,
    })),
  );
}

function labelsOf({ item, rater, answer }: Said, aspect: string, { content }: Judgement["item"]) {
  if (answer.kind === "safety") return [{ item, rater, label: answer.safe ? "safe" : "unsafe" }];
  if (answer.kind !== "likert") return [];
  return answer.ratings.flatMap((points, i) =>
    points[aspect] === undefined
      ? []
      : [{ item: `${item}${RATED}${content.responses[i].name}`, rater, label: String(points[aspect]) }],
  );
}

/** An item's id, and of ratings the response's name, from the name of a unit. */
export function unitOf(name: string): { item: string; response?: string } {
  const at = name.indexOf(RATED);
  return at < 0 ? { item: name } : { item: name.slice(0, at), response: name.slice(at + 1) };
}

/** Answers of the gold items among a question's rows, by the numbers of its votes. */
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
    const { items, candidates } = votes.comparisons;
    const number = (names: readonly string[]) => new Map(names.map((name, i) => [name, i]));
    const [itemOf, candidateOf] = [number(items), number(candidates)];
    const pairs = golds.flatMap(({ item: about, said }) =>
      pairsOf(said, aspect, about).flatMap(({ item, left, right, outcome }) => {
        const [i, l, r] = [itemOf.get(item), candidateOf.get(left), candidateOf.get(right)];
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
