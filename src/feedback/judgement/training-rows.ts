import type { ChatMessage } from "../../data/messages.js";
import { counts, informs, type ProjectData, type ReportVote } from "../store/load-project.js";
import { aggregateQuestion } from "./aggregate-question.js";
import { demonstrationRows, type PreferenceSummary, preferenceRows, safetyRows } from "./export-rows.js";
import { aspectsOf, type Question, questionOf } from "./questions.js";

/** A row as trainers read it: TRL's preferences, prompts with completions, or labelled completions, by the project's kind of task. */
export interface TrainingRow {
  prompt: string | ChatMessage[];
  /** Id of the item. */
  item: string;
  [column: string]: unknown;
}

export interface TrainingRowsRequest {
  aspect?: string;
  /** Whether votes that a filter holds count meanwhile. */
  held: boolean;
  /** Whether preferences name their raters, by pseudonym. */
  raters: boolean;
}

/** A probability this near to 1/2 prefers neither side. */
const EVEN = 1e-9;

/**
 * What the votes come to as rows for training: preferences of comparisons and rankings, with noise and what is known of their raters;
 * what raters wrote; safety labels. Pairs without a better side are left out. Ratings make no rows.
 */
export function trainingRows(
  data: ProjectData,
  { aspect = aspectsOf(data)[0], held, raters }: TrainingRowsRequest,
  seed = 0,
): TrainingRow[] {
  const which = (vote: ReportVote) => counts(vote) && (held || vote.review !== "held");
  const items = [...data.items.values()];
  const { kind } = data.project.task;
  if (kind === "demonstration" || kind === "rewrite")
    return demonstrationRows(items, data.votes.filter(which)).map((row) => ({ ...row }));
  if (kind === "safety") return safetyRows(items, data.votes.filter(which)).map((row) => ({ ...row }));
  if (kind === "likert") return [];
  const question = questionOf(data, aspect, (vote) => informs(vote) && (held || vote.review !== "held"));
  if (question === undefined) return [];
  const summaries = preferenceSummaries(question, data, seed).map(({ raters: who, ...summary }) => ({
    ...{ ...summary, ...(raters && { raters: who }) },
  }));
  return preferenceRows(items, summaries).map((row) => ({ ...row }));
}

function preferenceSummaries(question: Question, data: ProjectData, seed: number): PreferenceSummary[] {
  const made = aggregateQuestion(question, data, seed);
  if (made.kind !== "pairs" || question.votes.kind !== "pairs") return [];
  const { preferences, raters } = made.aggregate;
  const skill = new Map(raters.map((report) => [report.rater, report.skill.estimate]));
  const said = votesByPair(question);
  return preferences.flatMap(({ item, left, right, probability, noise, votes }) => {
    if (Math.abs(probability - 0.5) < EVEN) return [];
    const better = probability > 0.5;
    const [chosen, rejected] = better ? [left, right] : [right, left];
    const own = said.get(JSON.stringify([item, ...[left, right].sort()])) ?? [];
    const agreeing = own.reduce(
      (sum, { winner }) => sum + (winner === undefined ? 0.5 : winner === chosen ? 1 : 0),
      0,
    );
    const skills = own.map(({ rater }) => skill.get(rater) ?? 0.5);
    return [
      {
        ...{ item, chosen, rejected, noise, votes },
        probability: better ? probability : 1 - probability,
        agreement: agreeing / own.length,
        reliability: skills.reduce((sum, value) => sum + value, 0) / skills.length,
        raters: own.map(({ rater }) => rater),
      },
    ];
  });
}

/** Who said what of each pair; no winner is a tie. */
function votesByPair({ votes }: Question): Map<string, { rater: string; winner?: string }[]> {
  const pairs = new Map<string, { rater: string; winner?: string }[]>();
  if (votes.kind !== "pairs") return pairs;
  const { items, candidates, raters, item, left, right, rater, outcome } = votes.comparisons;
  for (let v = 0; v < outcome.length; v++) {
    const names = [candidates[left[v]], candidates[right[v]]];
    const winner = outcome[v] === 0.5 ? undefined : names[outcome[v] > 0.5 ? 0 : 1];
    const key = JSON.stringify([items[item[v]], ...names.sort()]);
    const own = pairs.get(key) ?? [];
    own.push({ rater: raters[rater[v]], winner });
    pairs.set(key, own);
  }
  return pairs;
}
