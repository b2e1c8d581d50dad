import { PlumbError } from "../../base/errors.js";
import type { CastVote, TaskItem, Verdict } from "../tasks/index.js";
import { compareText } from "./finding.js";

/** A vote with its item. */
export interface JudgedItem {
  vote: CastVote;
  item: TaskItem;
}

/** Votes that no later one corrects, in order of time. @throws PlumbError where a vote's item is not there. */
export function standingVotes(votes: readonly CastVote[], items: readonly TaskItem[]): JudgedItem[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  const corrected = new Set(votes.map(({ corrects }) => corrects));
  return votes
    .filter(({ id }) => !corrected.has(id))
    .sort((a, b) => a.castAt - b.castAt || compareText(a.id, b.id))
    .map((vote) => {
      const item = byId.get(vote.item);
      if (item !== undefined) return { vote, item };
      throw new PlumbError(`vote ${vote.id} is about item ${vote.item}, which is not among the items`, {
        hint: "Give the items that were voted on, all of them.",
      });
    });
}

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
