import { counts, type ProjectData, type ReportVote } from "../store/load-project.js";
import { preferenceOutcome } from "../tasks/index.js";
import { type Comparisons, comparisons, type LabelVotes, labelVotes } from "../votes.js";

/** What votes say of one aspect, as aggregation and agreement read it; row v of each list came of `from[v]`. */
export interface Question {
  aspect: string;
  votes: { kind: "labels"; labels: LabelVotes } | { kind: "pairs"; comparisons: Comparisons };
  from: readonly ReportVote[];
  /** Group of each row's rater; "" is none. */
  group: string[];
  /** When each was cast, Unix milliseconds. */
  time: Float64Array;
}

interface NamedComparison {
  item: string;
  left: string;
  right: string;
  rater: string;
  outcome: number;
}

/** What a project asks apart; none where raters write. */
export function aspectsOf({ project: { task } }: ProjectData): string[] {
  if (task.kind === "pairwise" || task.kind === "likert") return task.aspects;
  return task.kind === "ranking" || task.kind === "safety" ? [task.kind] : [];
}

/** A rated response as the name of an item: item and response, which no id holds. */
const RATED = "\n";

/**
 * The votes that `which` lets through, about one aspect: comparisons of responses by name, of a ranking every pair; labels of items,
 * of ratings a label for each response.
 *
 * @returns undefined where there is none.
 */
export function questionOf(
  data: ProjectData,
  aspect: string,
  which: (vote: ReportVote) => boolean = counts,
): Question | undefined {
  const from: ReportVote[] = [];
  const pairs: NamedComparison[] = [];
  const labels: { item: string; rater: string; label: string }[] = [];
  for (const vote of data.votes) {
    const item = data.items.get(vote.item);
    if (item === undefined || !which(vote)) continue;
    const names = item.content.responses.map(({ name }) => name);
    const before = pairs.length + labels.length;
    pairs.push(...pairsOf(vote, aspect, names, data.project.task.strengths));
    labels.push(...labelsOf(vote, aspect, names));
    for (let row = before; row < pairs.length + labels.length; row++) from.push(vote);
  }
  if (from.length === 0) return undefined;
  return {
    ...{ aspect, from },
    votes:
      pairs.length > 0
        ? { kind: "pairs", comparisons: comparisons(pairs) }
        : { kind: "labels", labels: labelVotes(labels) },
    group: from.map(({ group }) => group ?? ""),
    time: Float64Array.from(from, ({ castAt }) => castAt),
  };
}

function pairsOf(
  { item, rater, answer }: ReportVote,
  aspect: string,
  names: readonly string[],
  strengths: number,
): NamedComparison[] {
  if (answer.kind === "pairwise" && answer.aspects[aspect] !== undefined) {
    const outcome = preferenceOutcome(answer.aspects[aspect], strengths);
    return [{ item, left: names[0], right: names[1], rater, outcome }];
  }
  if (answer.kind !== "ranking") return [];
  return answer.ranks.flatMap((rank, i) =>
    answer.ranks.slice(i + 1).map((other, d) => ({
      ...{ item, left: names[i], right: names[i + 1 + d], rater },
      outcome: rank === other ? 0.5 : rank < other ? 1 : 0,
    })),
  );
}

function labelsOf(
  { item, rater, answer }: ReportVote,
  aspect: string,
  names: readonly string[],
): { item: string; rater: string; label: string }[] {
  if (answer.kind === "safety") return [{ item, rater, label: answer.safe ? "safe" : "unsafe" }];
  if (answer.kind !== "likert") return [];
  return answer.ratings.flatMap((points, i) =>
    points[aspect] === undefined
      ? []
      : [{ item: `${item}${RATED}${names[i]}`, rater, label: String(points[aspect]) }],
  );
}

/** An item's id, and of ratings the response's name, from the name of a unit. */
export function unitOf(name: string): { item: string; response?: string } {
  const at = name.indexOf(RATED);
  return at < 0 ? { item: name } : { item: name.slice(0, at), response: name.slice(at + 1) };
}

/** Answers of gold items, by the numbers of a question's votes. */
export function knownAnswers(
  data: ProjectData,
  { aspect, votes }: Question,
): { labels?: Int32Array; pairs?: { item: number; left: number; right: number; outcome: number }[] } {
  const { strengths } = data.project.task;
  const golds = [...data.items.values()].flatMap(({ id, gold, content }) => {
    const names = content.responses.map(({ name }) => name);
    return gold === undefined ? [] : [{ answer: { item: id, rater: "", answer: gold } as ReportVote, names }];
  });
  if (golds.length === 0) return {};
  if (votes.kind === "pairs") {
    const { items, candidates } = votes.comparisons;
    const number = (names: readonly string[]) => new Map(names.map((name, i) => [name, i]));
    const [itemOf, candidateOf] = [number(items), number(candidates)];
    const pairs = golds.flatMap(({ answer, names }) =>
      pairsOf(answer, aspect, names, strengths).flatMap(({ item, left, right, outcome }) => {
        const [i, l, r] = [itemOf.get(item), candidateOf.get(left), candidateOf.get(right)];
        if (i === undefined || l === undefined || r === undefined) return [];
        return [{ item: i, left: l, right: r, outcome: outcome > 0.5 ? 1 : outcome < 0.5 ? 0 : 0.5 }];
      }),
    );
    return { pairs };
  }
  const { items, labels } = votes.labels;
  const said = new Map(
    golds
      .flatMap(({ answer, names }) => labelsOf(answer, aspect, names))
      .map(({ item, label }) => [item, label]),
  );
  return { labels: Int32Array.from(items, (item) => labels.indexOf(said.get(item) ?? "")) };
}
