import {
  aggregateLabels,
  aggregatePreferences,
  type LabelAggregate,
  type PreferenceAggregate,
} from "../aggregate/index.js";
import type { ProjectData } from "../store/load-project.js";
import { knownAnswers, type Question, unitOf } from "./questions.js";

export type QuestionAggregate =
  | { kind: "labels"; aggregate: LabelAggregate }
  | { kind: "pairs"; aggregate: PreferenceAggregate };

/**
 * The default aggregate of a question. Votes on gold items among its rows tell how raters err; the items themselves are no results.
 */
export function aggregateQuestion(question: Question, data: ProjectData, seed = 0): QuestionAggregate {
  const { votes } = question;
  const isResult = (item: string) => data.items.get(item)?.gold === undefined;
  const known = knownAnswers(data, question);
  if (votes.kind === "pairs") {
    const aggregate = aggregatePreferences(votes.comparisons, "robust", { seed, known: known.pairs });
    const preferences = aggregate.preferences.filter(({ item }) => isResult(item));
    return { kind: "pairs", aggregate: { ...aggregate, preferences } };
  }
  const aggregate = aggregateLabels(votes.labels, "robust", { seed, known: known.labels });
  const items = aggregate.items.filter(({ item }) => isResult(unitOf(item).item));
  return { kind: "labels", aggregate: { ...aggregate, items } };
}
