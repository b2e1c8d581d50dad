import {
  aggregateLabels,
  aggregatePreferences,
  type LabelAggregate,
  type PreferenceAggregate,
  type PreferenceMethod,
} from "../aggregate/index.js";
import { knownAnswers, type Question, unitOf } from "./questions.js";

export type QuestionAggregate =
  | { kind: "labels"; aggregate: LabelAggregate }
  | { kind: "pairs"; aggregate: PreferenceAggregate };

/**
 * Aggregates a question. Judgements of gold items among its rows show how raters err; the gold items themselves are
 * left out of the result.
 *
 * @param method the method for comparisons; labels always use the robust method.
 */
export function aggregateQuestion(
  question: Question,
  { method = "robust", seed = 0 }: { method?: PreferenceMethod; seed?: number } = {},
): QuestionAggregate {
  const { votes, from, time, topics } = question;
  const known = knownAnswers(question);
  const gold = new Set(from.flatMap(({ item }) => (item.gold === undefined ? [] : [item.id])));
  if (votes.kind === "pairs") {
    const aggregate = aggregatePreferences(votes.comparisons, method, {
      seed,
      known: known.pairs,
      time,
      topics,
    });
    const preferences = aggregate.preferences.filter(({ item }) => !gold.has(item));
    return { kind: "pairs", aggregate: { ...aggregate, preferences } };
  }
  const aggregate = aggregateLabels(votes.labels, "robust", { seed, known: known.labels, time, topics });
  const items = aggregate.items.filter(({ item }) => !gold.has(unitOf(item).item));
  return { kind: "labels", aggregate: { ...aggregate, items } };
}
