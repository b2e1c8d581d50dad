import {
  aggregateQuestion,
  aspectsOf,
  counting,
  type Judgement,
  type QuestionAggregate,
  questionOf,
  USES,
  unitOf,
} from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import type { ExclusionPreview } from "./views.js";

/** Most changes shown. */
const MAX_SHOWN = 100;

interface Judged {
  item: string;
  left?: string;
  right?: string;
  answer: string;
  probability: number;
}

/** Which answers would change if a rater's votes were left out of the default aggregate. */
export function exclusionPreview(
  data: ProjectData,
  { rater, aspect = aspectsOf(data.project.task)[0] }: { rater: string; aspect?: string },
  seed = 0,
): ExclusionPreview {
  const judged = (which: readonly Judgement[]) => {
    const question = aspect === undefined ? undefined : questionOf(which, aspect);
    return question === undefined
      ? new Map<string, Judged>()
      : answers(aggregateQuestion(question, { seed }));
  };
  // If the rater is already excluded, the judgements are treated as if they still counted.
  const own = ({ vote }: Judgement) => vote.rater === rater;
  const present = counting(
    data.judgements.map((judgement) => (own(judgement) ? { ...judgement, excluded: false } : judgement)),
    USES.raters,
  );
  const [before, after] = [judged(present), judged(present.filter((judgement) => !own(judgement)))];
  const changes = [...before].flatMap(([key, { answer, probability, ...unit }]) => {
    const now = after.get(key);
    if (now?.answer === answer) return [];
    const next = now === undefined ? null : { answer: now.answer, probability: now.probability };
    return [{ ...unit, before: { answer, probability }, after: next }];
  });
  const changed = changes.filter(({ after: next }) => next !== null);
  const lost = changes.filter(({ after: next }) => next === null);
  return {
    ...{ asOf: data.asOf, aspect: aspect ?? data.project.task.kind },
    votes: counting(present.filter(own), USES.results).length,
    units: before.size,
    ...{ lost: lost.length, changed: changed.length },
    changes: [...changed, ...lost].slice(0, MAX_SHOWN),
  };
}

/** The likelier answer of each unit: the better response's name, or the label. */
function answers(made: QuestionAggregate): Map<string, Judged> {
  if (made.kind === "labels")
    return new Map(
      made.aggregate.items.map(({ item, label, probability }) => {
        const { item: id, response } = unitOf(item);
        return [
          item,
          { item: id, ...(response !== undefined && { left: response }), answer: label, probability },
        ];
      }),
    );
  return new Map(
    made.aggregate.preferences.map(({ item, left, right, probability }) => {
      const [first, second] = left < right ? [left, right] : [right, left];
      const p = first === left ? probability : 1 - probability;
      const likelier = p > 0.5 ? first : p < 0.5 ? second : "tie";
      const judged = { item, left: first, right: second, answer: likelier, probability: Math.max(p, 1 - p) };
      return [JSON.stringify([item, first, second]), judged];
    }),
  );
}
