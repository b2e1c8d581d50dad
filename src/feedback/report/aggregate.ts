import {
  aggregateLabels,
  aggregatePreferences,
  type LabelAggregate,
  type PreferenceAggregate,
} from "../aggregate/index.js";
import type { Question } from "./questions.js";

export type QuestionAggregate =
  | { kind: "labels"; aggregate: LabelAggregate }
  | { kind: "pairs"; aggregate: PreferenceAggregate };

/** The default aggregate of a question. */
export function aggregateQuestion({ votes }: Question, seed = 0): QuestionAggregate {
  return votes.kind === "pairs"
    ? { kind: "pairs", aggregate: aggregatePreferences(votes.comparisons, "robust", { seed }) }
    : { kind: "labels", aggregate: aggregateLabels(votes.labels, "robust", { seed }) };
}
