import { groupBy } from "../../base/group-by.js";
import type { Judgement } from "../judgement/index.js";
import type { CastVote, TaskItem, Verdict } from "../tasks/index.js";
import { compareText } from "./finding.js";

/** The part of a judgement that filters read. */
export type JudgedItem = Pick<Judgement, "vote" | "item">;

/** Judgements in order of time. */
export const byTime = (judgements: readonly Judgement[]): Judgement[] =>
  [...judgements].sort((a, b) => a.vote.castAt - b.vote.castAt || compareText(a.vote.id, b.vote.id));

/** Each rater's votes, with raters sorted by name and votes in the given order. */
export function byRater(judged: readonly JudgedItem[]): [string, JudgedItem[]][] {
  return [...groupBy(judged, ({ vote }) => vote.rater)].sort(([a], [b]) => compareText(a, b));
}

/**
 * Converts a verdict from the stored order to the order on the screen, where the two responses may have been swapped.
 */
export function shownVerdict(verdict: Verdict, order: readonly number[]): Verdict {
  if (order[0] !== 1 || (verdict !== "left" && verdict !== "right")) return verdict;
  return verdict === "left" ? "right" : "left";
}

/**
 * A comparison's verdict on "overall" if asked, else on its first aspect, in the stored order; undefined for other
 * answers.
 */
export function mainVerdict({ answer }: CastVote): Verdict | undefined {
  if (answer.kind !== "pairwise") return undefined;
  return (answer.aspects.overall ?? Object.values(answer.aspects)[0])?.verdict;
}

/** A prompt as one text. */
export function promptText({ content }: TaskItem): string {
  const { prompt } = content;
  return typeof prompt === "string" ? prompt : prompt.map((turn) => turn.content).join("\n");
}
