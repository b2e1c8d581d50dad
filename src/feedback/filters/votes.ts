import type { Judgement } from "../judgement/index.js";
import type { CastVote, TaskItem, Verdict } from "../tasks/index.js";
import { compareText } from "./finding.js";

/** What filters read of a judgement. */
export type JudgedItem = Pick<Judgement, "vote" | "item">;

/** Judgements in the order of time. */
export const byTime = (judgements: readonly Judgement[]): Judgement[] =>
  [...judgements].sort((a, b) => a.vote.castAt - b.vote.castAt || compareText(a.vote.id, b.vote.id));

/** Lists of what has the same key, in order of the first of each. */
export function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const name = key(value);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return groups;
}

/** Lists of each rater's votes, raters by name, votes by time. */
export function byRater(judged: readonly JudgedItem[]): [string, JudgedItem[]][] {
  return [...groupBy(judged, ({ vote }) => vote.rater)].sort(([a], [b]) => compareText(a, b));
}

/** A verdict in the stored order as it was on the screen: stored responses 0 and 1 may have been shown the other way. */
export function shownVerdict(verdict: Verdict, order: readonly number[]): Verdict {
  if (order[0] !== 1 || (verdict !== "left" && verdict !== "right")) return verdict;
  return verdict === "left" ? "right" : "left";
}

/** The first aspect's verdict of a comparison, in the stored order: that of "overall" where it is asked. */
export function mainVerdict({ answer }: CastVote): Verdict | undefined {
  if (answer.kind !== "pairwise") return undefined;
  return (answer.aspects.overall ?? Object.values(answer.aspects)[0])?.verdict;
}

/** A prompt as one text. */
export function promptText({ content }: TaskItem): string {
  const { prompt } = content;
  return typeof prompt === "string" ? prompt : prompt.map((turn) => turn.content).join("\n");
}
